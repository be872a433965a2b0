import { ancestorsOf, foldCase } from "@lanspread/proto";
import { SENTINEL_NAME } from "../storage/index.ts";

/** What becomes of the files of an old version under a new manifest. */
export interface OldVersion {
  /** Paths that both have. */
  readonly shared: ReadonlySet<string>;
  /** Paths that the new manifest lacks. */
  readonly gone: readonly string[];
  /**
   * Those of {@link gone} that are in the way of a new file or directory, or that a file system which ignores case takes
   * for one: they must go before anything new is made.
   */
  readonly inTheWay: readonly string[];
}

/** Compares the payload of the old version with the paths of the new one, `version.ini` left out. */
export function compareOldVersion(oldPaths: readonly string[], newPaths: readonly string[]): OldVersion {
  const wanted = new Set(newPaths);
  /** Folded path → how the new manifest spells it, with a `/` behind directories. */
  const spellings = new Map<string, string>();
  for (const path of newPaths) {
    for (const part of partsOf(path)) spellings.set(foldCase(part.name), part.spelling);
  }
  const shared = new Set<string>();
  const gone: string[] = [];
  const inTheWay: string[] = [];
  for (const path of oldPaths) {
    if (path === SENTINEL_NAME) continue;
    if (wanted.has(path)) {
      shared.add(path);
      continue;
    }
    gone.push(path);
    const clashes = partsOf(path).some(({ name, spelling }) => {
      const other = spellings.get(foldCase(name));
      return other !== undefined && other !== spelling;
    });
    if (clashes) inTheWay.push(path);
  }
  return { shared, gone, inTheWay };
}

/** A path and the directories that it lies in. */
function partsOf(path: string): { readonly name: string; readonly spelling: string }[] {
  const directories = ancestorsOf(path).map((name) => ({ name, spelling: `${name}/` }));
  return [{ name: path, spelling: path }, ...directories];
}
