import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { isNeeded } from "./choose-files.ts";
import type { InstalledPackage, Manifest } from "./package-graph.ts";
import { copyOf, type ShippedFile, textFile } from "./shipped-file.ts";

/** Paths of all files below a folder, with `/` between the names. Links are not followed. */
export async function filesIn(dir: string): Promise<string[]> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(dir, join(entry.parentPath, entry.name)).replaceAll(sep, "/"))
    .sort();
}

/** What an archive has of a package of the registry. */
export async function registryFiles(
  { dir, manifest }: Pick<InstalledPackage, "dir" | "manifest">,
  place: string,
): Promise<readonly ShippedFile[]> {
  const paths = await filesIn(dir);
  return paths
    .filter((path) => isNeeded(manifest.name, path))
    .map((path) => copyOf(join(dir, path), `${place}/${path}`));
}

/** Folders with what the build makes of the sources beside them. */
const BUILT = "dist/";
/** The page of the desktop app: the build empties this folder first, and nothing in it has the name of a source. */
const PAGE = "dist/page/";

/**
 * What an archive has of one of our own packages: what was built, and what it is started by. What an earlier build left of a source
 * that is gone is no part of it.
 *
 * @throws Error where it is not built
 */
export async function ownFiles(
  { dir, manifest }: InstalledPackage,
  place: string,
): Promise<readonly ShippedFile[]> {
  const hasSource = (path: string): boolean => {
    const source = path.slice(BUILT.length).replace(/\.js$/u, ".ts");
    return existsSync(join(dir, "src", source)) || existsSync(join(dir, source));
  };
  const built = existsSync(join(dir, BUILT)) ? await filesIn(join(dir, BUILT)) : [];
  const wanted = built
    .map((path) => `${BUILT}${path}`)
    .filter((path) => path.startsWith(PAGE) || (path.endsWith(".js") && hasSource(path)));
  if (wanted.length === 0) throw new Error(`${manifest.name} is not built: ${join(dir, BUILT)} has nothing`);
  const programs = existsSync(join(dir, "bin")) ? await filesIn(join(dir, "bin")) : [];
  return [
    textFile(`${place}/package.json`, `${JSON.stringify(shippedManifest(manifest), null, 2)}\n`),
    ...[...wanted, ...programs.map((path) => `bin/${path}`)].map((path) =>
      copyOf(join(dir, path), `${place}/${path}`),
    ),
  ];
}

/** What a `package.json` says to Node.js, without what it says to those who work on the package. */
function shippedManifest(manifest: Manifest): Record<string, unknown> {
  const { name, version, license, dependencies } = manifest;
  const { description, type, exports: entries, bin } = manifest;
  const shipped = {
    name,
    version,
    description,
    license,
    type,
    bin,
    exports: withoutSources(entries),
    dependencies,
  };
  return Object.fromEntries(Object.entries(shipped).filter(([, value]) => value !== undefined));
}

/** The conditions of `exports` that lead to files which are not shipped. */
const CONDITIONS_OF_WORK = ["source", "types"];

function withoutSources(entries: unknown): unknown {
  if (typeof entries !== "object" || entries === null) return entries;
  return Object.fromEntries(
    Object.entries(entries)
      .filter(([key]) => !CONDITIONS_OF_WORK.includes(key))
      .map(([key, value]) => [key, withoutSources(value)]),
  );
}
