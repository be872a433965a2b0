import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { thirdPartyText, type Work } from "../licences.ts";
import { LICENCES_DIR, ROOT } from "../places.ts";
import type { Platform } from "../platforms.ts";
import { readmeOf } from "../readme.ts";
import { startersOf } from "../starters.ts";
import { isLicence } from "./choose-files.ts";
import { filesIn, ownFiles, registryFiles } from "./package-files.ts";
import { findInstalled, type InstalledPackage, readManifest, readPackageGraph } from "./package-graph.ts";
import { PAGE_PACKAGES } from "./page-packages.ts";
import { placePackages } from "./place-packages.ts";
import { byPath, copyOf, type ShippedFile, textFile } from "./shipped-file.ts";

/** Finds a package of one system: where it is installed here, else from the registry. */
export type FindPackage = (
  name: string,
  near: readonly string[],
) => Promise<{ dir: string; version: string }>;

/** Everything that goes into one archive. */
export interface Collection {
  /** Of the program. */
  readonly version: string;
  readonly nodeVersion: string;
  /** In the order of their paths. */
  readonly files: readonly ShippedFile[];
}

const MODULES = "app/node_modules";

const require = createRequire(import.meta.url);

/** Where the runtime looks for the party CA that comes with it: four folders above `@lanspread/peer/dist/identity`. */
const CERTS = `${MODULES}/certs`;

/**
 * Collects what an archive has: Node.js, the program with all that it loads, and what people start and read.
 *
 * @throws Error where something is not built, not installed and not to be had
 */
export async function collect(platform: Platform, find: FindPackage): Promise<Collection> {
  const programDir = packageDirOf(require.resolve("lanspread"));
  const packages = await readPackageGraph(programDir, platform.leavesOut);
  const byDir = new Map(packages.map((known) => [known.dir, known]));
  const files: ShippedFile[] = [];
  const works: Work[] = [];
  for (const [place, dir] of placePackages(packages)) {
    const known = byDir.get(dir);
    if (known === undefined) continue;
    if (isOwn(known)) {
      files.push(...(await ownFiles(known, `app/${place}`)));
    } else {
      files.push(...(await registryFiles(known, `app/${place}`)));
      works.push(await workOf(known));
    }
  }
  const near = packages.map(({ dir }) => dir);
  for (const name of Object.keys(platform.natives)) {
    const { dir } = await find(name, near);
    const native = { dir, manifest: await readManifest(dir) };
    files.push(...(await registryFiles(native, `${MODULES}/${name}`)));
    works.push(await workOf(native));
  }
  for (const name of PAGE_PACKAGES) works.push(await workOf(await pagePackage(name)));
  const node = await find(platform.nodePackage, []);
  files.push({
    ...copyOf(join(node.dir, platform.nodeFile), `node/${platform.nodeFile}`),
    isExecutable: true,
  });
  works.push(...(await worksWithoutPackage(node)));
  for (const path of await filesIn(join(ROOT, "certs"))) {
    files.push(copyOf(join(ROOT, "certs", path), `${CERTS}/${path}`));
  }
  const { version } = await readManifest(programDir);
  files.push(
    ...startersOf(platform),
    textFile("README.txt", readmeOf(platform, version, node.version)),
    copyOf(join(ROOT, "LICENSE"), "LICENSE.txt"),
    textFile("THIRD-PARTY.txt", thirdPartyText(unique(works))),
  );
  return { version, nodeVersion: node.version, files: files.sort(byPath) };
}

function packageDirOf(file: string): string {
  let dir = dirname(file);
  while (!existsSync(join(dir, "package.json"))) dir = dirname(dir);
  return dir;
}

function isOwn({ dir }: InstalledPackage): boolean {
  return dirname(dir) === join(ROOT, "packages");
}

async function workOf({ dir, manifest }: Pick<InstalledPackage, "dir" | "manifest">): Promise<Work> {
  const names = (await filesIn(dir)).filter(isLicence);
  const texts = await Promise.all(names.map((name) => readFile(join(dir, name), "utf8")));
  return { name: manifest.name, version: manifest.version, licence: manifest.license ?? "see below", texts };
}

/** A package that is part of the page: the desktop app has it to be built with. */
async function pagePackage(name: string): Promise<Pick<InstalledPackage, "dir" | "manifest">> {
  let from = join(ROOT, "packages", "desktop");
  // What a package of the page loads itself is installed beside that one.
  for (const near of ["", ...PAGE_PACKAGES]) {
    if (near !== "") from = findInstalled(near, join(ROOT, "packages", "desktop")) ?? from;
    const dir = findInstalled(name, from);
    if (dir !== null) return { dir, manifest: await readManifest(dir) };
  }
  throw new Error(`${name}, which the page is built of, is not installed`);
}

/** Works inside of others, which bring no text about them. */
async function worksWithoutPackage(node: { dir: string; version: string }): Promise<readonly Work[]> {
  const text = (name: string): Promise<string> => readFile(join(LICENCES_DIR, name), "utf8");
  const own = join(node.dir, "LICENSE");
  const nodeText = existsSync(own) ? await readFile(own, "utf8") : await text("node.txt");
  return [
    { name: "Node.js", version: node.version, licence: "MIT and others", texts: [nodeText] },
    {
      name: "quiche (in @matrixai/quic)",
      version: "0.18.0",
      licence: "BSD-2-Clause",
      texts: [await text("quiche.txt")],
    },
    {
      name: "BoringSSL (in @matrixai/quic)",
      version: "",
      licence: "OpenSSL, SSLeay and ISC",
      texts: [await text("boringssl.txt")],
    },
    {
      name: "UnRAR (in node-unrar-js)",
      version: "6.1.7",
      licence: "UnRAR",
      texts: [await text("unrar.txt")],
    },
  ];
}

function unique(works: readonly Work[]): readonly Work[] {
  return [...new Map(works.map((work) => [`${work.name}@${work.version}`, work])).values()];
}
