import { existsSync, realpathSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { z } from "zod";

const manifestSchema = z.looseObject({
  name: z.string(),
  version: z.string(),
  license: z.string().optional(),
  dependencies: z.record(z.string(), z.string()).default({}),
  optionalDependencies: z.record(z.string(), z.string()).default({}),
  os: z.array(z.string()).optional(),
});

/** What a `package.json` says. */
export type Manifest = z.infer<typeof manifestSchema>;

/** An installed package, and what it loads. */
export interface InstalledPackage {
  /** The folder, links resolved: it tells two versions of a package apart. */
  readonly dir: string;
  readonly manifest: Manifest;
  /** Folders of its dependencies, by the name under which it loads them. */
  readonly dependencies: ReadonlyMap<string, string>;
}

/** @throws ZodError, or what the file system says */
export async function readManifest(dir: string): Promise<Manifest> {
  return manifestSchema.parse(JSON.parse(await readFile(join(dir, "package.json"), "utf8")));
}

/**
 * A package and all that it needs to run, as they are installed. What is for one system alone is left out: it has natives, which are
 * chosen by the system that an archive is for. So are declarations of types.
 *
 * @param leavesOut names of optional dependencies that are not needed
 * @returns in the order of distance, the package itself first
 * @throws Error where a dependency is not installed
 */
export async function readPackageGraph(
  dir: string,
  leavesOut: readonly string[],
): Promise<readonly InstalledPackage[]> {
  const found = new Map<string, InstalledPackage>();
  const waiting = [realpathSync(dir)];
  for (const current of waiting) {
    if (found.has(current)) continue;
    const manifest = await readManifest(current);
    const dependencies = new Map<string, string>();
    for (const name of Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies }).sort()) {
      if (name.startsWith("@types/")) continue;
      const isOptional = name in manifest.optionalDependencies;
      if (isOptional && leavesOut.includes(name)) continue;
      const place = findInstalled(name, current);
      if (place === null) {
        if (isOptional) continue;
        throw new Error(`${name}, which ${manifest.name} needs, is not installed`);
      }
      if ((await readManifest(place)).os !== undefined) continue;
      dependencies.set(name, place);
      waiting.push(place);
    }
    found.set(current, { dir: current, manifest, dependencies });
  }
  return [...found.values()];
}

/** Where Node.js finds a package that a file of the folder loads; null where it does not. */
export function findInstalled(name: string, from: string): string | null {
  for (let dir = from; ; dir = dirname(dir)) {
    const place = join(dir, "node_modules", name);
    if (basename(dir) !== "node_modules" && existsSync(join(place, "package.json")))
      return realpathSync(place);
    if (dirname(dir) === dir) return null;
  }
}
