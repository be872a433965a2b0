import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { collect } from "./app/collect.ts";
import { type ArchiveKind, hasXz, writeArchive } from "./archive/write-archive.ts";
import { inspect } from "./inspect/inspect.ts";
import type { Platform } from "./platforms.ts";
import { createPackageFinder } from "./registry/find-package.ts";

export interface BuildOptions {
  readonly outputDir: string;
  /** Compresses little and fast: for an archive that is unpacked at once. */
  readonly isQuick?: boolean;
  readonly signal?: AbortSignal;
}

/** An archive that was made. */
export interface BuiltPackage {
  readonly platform: Platform;
  readonly file: string;
  /** Name of the file, and of the archive's one folder. */
  readonly name: string;
  readonly folder: string;
  readonly bytes: number;
  /** Of all files in it, unpacked. */
  readonly unpackedBytes: number;
  readonly fileCount: number;
  readonly nodeVersion: string;
  /** In hexadecimal digits. */
  readonly sha256: string;
}

/**
 * Makes the archive of one system.
 *
 * @throws Error with every fault, where what would be in it could not run there; what goes wrong with files and the registry
 */
export async function buildPackage(platform: Platform, options: BuildOptions): Promise<BuiltPackage> {
  const { outputDir, isQuick = false, signal } = options;
  const { version, nodeVersion, files } = await collect(platform, await createPackageFinder(signal));
  const folder = `lanspread-${version}-${platform.name}`;
  const faults = await inspect(platform, folder, files);
  if (faults.length > 0) throw new Error(`${folder} would not run:\n  ${faults.join("\n  ")}`);
  const kind = kindOf(platform, isQuick);
  const name = `${folder}.${kind}`;
  const file = join(outputDir, name);
  await writeArchive(file, { kind, folder, files, isQuick, ...(signal === undefined ? {} : { signal }) });
  const sizes = await Promise.all(
    files.map(async ({ content }) =>
      "file" in content ? (await stat(content.file)).size : Buffer.byteLength(content.text),
    ),
  );
  return {
    ...{ platform, file, name, folder, nodeVersion },
    bytes: (await stat(file)).size,
    unpackedBytes: sizes.reduce((sum, size) => sum + size, 0),
    fileCount: files.length,
    sha256: await sha256Of(file),
  };
}

function kindOf({ archive }: Platform, isQuick: boolean): ArchiveKind {
  if (archive === "zip") return "zip";
  return !isQuick && hasXz() ? "tar.xz" : "tar.gz";
}

async function sha256Of(file: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file), hash);
  return hash.digest("hex");
}
