/** A package to be placed. */
export interface Placeable {
  readonly dir: string;
  readonly manifest: { readonly name: string };
  readonly dependencies: ReadonlyMap<string, string>;
}

/**
 * Chooses a folder for every package, with links nowhere: beside all others in `node_modules`, or, where another version has that place,
 * in the `node_modules` of who loads it.
 *
 * @param packages the first is the program; dependencies are those of the same list
 * @returns paths such as `node_modules/zod` with the folder that goes there
 * @throws Error where no such order is found: some package would load another version than it does now
 */
export function placePackages(packages: readonly Placeable[]): ReadonlyMap<string, string> {
  const byDir = new Map(packages.map((known) => [known.dir, known]));
  const placed = new Map<string, string>();
  const [program] = packages;
  if (program === undefined) return placed;
  const waiting: [path: string, dir: string][] = [[`node_modules/${program.manifest.name}`, program.dir]];
  placed.set(`node_modules/${program.manifest.name}`, program.dir);
  for (const [path, dir] of waiting) {
    for (const [name, wanted] of byDir.get(dir)?.dependencies ?? []) {
      const found = resolveIn(placed, path, name);
      if (found !== undefined && placed.get(found) === wanted) continue;
      if (found !== undefined && isWithin(placed, path, wanted)) {
        throw new Error(
          `${path} would load another ${name} than that in ${wanted}: each is inside of the other`,
        );
      }
      const place = found === undefined ? `node_modules/${name}` : `${path}/node_modules/${name}`;
      placed.set(place, wanted);
      waiting.push([place, wanted]);
    }
  }
  for (const [path, dir] of placed) {
    for (const [name, wanted] of byDir.get(dir)?.dependencies ?? []) {
      const found = resolveIn(placed, path, name);
      if (found === undefined || placed.get(found) !== wanted) {
        throw new Error(`${path} would load ${found ?? "no"} ${name} instead of that in ${wanted}`);
      }
    }
  }
  return placed;
}

/** Whether one of the folders that a path leads through has this package already: it would be placed in itself without an end. */
function isWithin(placed: ReadonlyMap<string, string>, path: string, dir: string): boolean {
  const parts = path.split("/");
  return parts.some((_, index) => placed.get(parts.slice(0, index + 1).join("/")) === dir);
}

/** Where Node.js finds a package by its name from another's folder. */
function resolveIn(placed: ReadonlyMap<string, string>, from: string, name: string): string | undefined {
  const parts = from.split("/");
  for (let length = parts.length; length >= 0; length--) {
    if (parts[length - 1] === "node_modules") continue;
    const candidate = [...parts.slice(0, length), "node_modules", name].join("/");
    if (placed.has(candidate)) return candidate;
  }
  return undefined;
}
