/**
 * What of an old `local/` is the user's, and where it goes in the new one: values in, values out.
 *
 * What an install made and nobody changed gives way to the new version. Everything else is the user's, and is carried over
 * unless the new version brings the same path. Paths are the same where a file system that ignores case takes them for the
 * same: the games do, wherever they run.
 */
import { ancestorsOf, foldCase } from "@lanspread/proto";
import type { InstalledList } from "./installed-list.ts";
import type { TreeEntry } from "./list-tree.ts";

/** Whose something in the old `local/` is. `compare`: the user's if its bytes are not those that were installed. */
export type Whose = "user" | "install" | "compare";

export interface OldEntry extends TreeEntry {
  readonly whose: Whose;
  /** CRC-32 that it had when it was installed; null where the install did not make it. */
  readonly crc32: number | null;
}

/** Something that goes over into the new `local/`. */
export interface Carried extends OldEntry {
  /** Its path there: directories that the new version spells in another case are spelled as it does. */
  readonly to: string;
}

export interface CarryPlan {
  readonly carried: readonly Carried[];
  /** What the new version brings too, and so replaces. */
  readonly replaced: readonly OldEntry[];
  /** What cannot lie in the new version: one of its directories is a file there. */
  readonly blocked: readonly OldEntry[];
}

/** @param list what the last install made; undefined where nobody knows: then everything counts as the user's */
export function whoseIs(old: readonly TreeEntry[], list: InstalledList | undefined): OldEntry[] {
  const installed = new Map(list?.files.map((file) => [file.path, file]));
  return old.map((entry) => {
    const was = installed.get(entry.path);
    if (was === undefined || entry.kind !== "file" || entry.size !== was.size) {
      return { ...entry, whose: "user", crc32: null };
    }
    // Coarse or adjusted times are no proof of a change: the bytes decide.
    const same = Math.round(entry.mtimeMs) === Math.round(was.mtime);
    return { ...entry, whose: same ? "install" : "compare", crc32: was.crc32 };
  });
}

/**
 * @param old everything in the old `local/`
 * @param brought everything that the new version has
 */
export function planCarry(old: readonly OldEntry[], brought: readonly TreeEntry[]): CarryPlan {
  const news = new Map(brought.map((entry) => [foldCase(entry.path), entry]));
  const carried: Carried[] = [];
  const replaced: OldEntry[] = [];
  const blocked: OldEntry[] = [];
  for (const entry of old.filter(isWorthKeeping(old))) {
    const newcomer = news.get(foldCase(entry.path));
    if (newcomer !== undefined) {
      // A directory without anything in it is nobody's loss.
      if (entry.kind !== "directory") replaced.push(entry);
    } else if (ancestorsOf(entry.path).some((path) => isNoDirectory(news.get(foldCase(path))))) {
      if (entry.kind !== "directory") blocked.push(entry);
    } else {
      carried.push({ ...entry, to: spelledLike(news, entry.path) });
    }
  }
  return { carried: withoutClashes(carried), replaced, blocked };
}

/** Files and links that are not the install's, and directories that have nothing in them: the others come with their files. */
function isWorthKeeping(old: readonly OldEntry[]): (entry: OldEntry) => boolean {
  const filled = new Set(old.flatMap(({ path }) => ancestorsOf(path).slice(0, 1)));
  return ({ path, kind, whose }) => {
    if (kind === "directory") return !filled.has(path);
    return whose !== "install" && kind !== "other";
  };
}

function isNoDirectory(entry: TreeEntry | undefined): boolean {
  return entry !== undefined && entry.kind !== "directory";
}

/** A path whose directories are spelled as the new version does, as far as it has them. */
function spelledLike(news: ReadonlyMap<string, TreeEntry>, path: string): string {
  for (const directory of ancestorsOf(path)) {
    const known = news.get(foldCase(directory));
    if (known !== undefined) return known.path + path.slice(directory.length);
  }
  return path;
}

/**
 * Two directories that differ in case may become one: of two that would meet there, files or a file and a directory, the
 * second keeps its own.
 */
function withoutClashes(carried: readonly Carried[]): readonly Carried[] {
  const leaves = new Set<string>();
  const directories = new Set<string>();
  const take = (path: string): void => {
    leaves.add(path);
    for (const directory of ancestorsOf(path)) directories.add(directory);
  };
  const isTaken = (path: string): boolean =>
    leaves.has(path) || directories.has(path) || ancestorsOf(path).some((above) => leaves.has(above));
  for (const { path, to } of carried) if (path === to) take(to);
  return carried.map((entry) => {
    if (entry.path === entry.to) return entry;
    const to = isTaken(entry.to) ? entry.path : entry.to;
    take(to);
    return { ...entry, to };
  });
}
