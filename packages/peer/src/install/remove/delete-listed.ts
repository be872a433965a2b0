import type { BigIntStats } from "node:fs";
import { lstat, rmdir, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { errnoOf, fromNodeError, type PeerError } from "../../errors/index.ts";
import { mapLimited } from "../../library/map-limited.ts";
import { DELETIONS_AT_ONCE } from "./constants.ts";
import type { ListedEntry, RemovalList } from "./removal-list.ts";

export interface DeleteOptions {
  /** Absolute path of the game root. */
  readonly root: string;
  readonly list: RemovalList;
  /** Ends the deleting between two files; what is left counts as not deleted. */
  readonly signal?: AbortSignal;
  /** Called for each entry that was deleted. */
  readonly onDeleted?: (entry: ListedEntry) => void;
}

/** What {@link deleteListed} came to. */
export interface Deleted {
  readonly files: number;
  /** Bytes that they had. */
  readonly bytes: number;
  /** Entries and directories that could not be deleted, or whose turn did not come. */
  readonly left: number;
  /** Why the first of them could not. */
  readonly failure: PeerError | undefined;
}

/**
 * Deletes what a list names, as far as it is what was listed: an entry of another size or time was put there since, and
 * stays, and so does a directory with anything else in it. Links are deleted, not followed. What cannot be deleted
 * stops nothing else.
 */
export async function deleteListed(options: DeleteOptions): Promise<Deleted> {
  const { root, list, signal, onDeleted } = options;
  let [files, bytes, left] = [0, 0, 0];
  let failure: PeerError | undefined;
  /** Directories that were looked at a moment ago. */
  const known = new Map<string, boolean>();

  const attempt = async (path: string, work: () => Promise<void>): Promise<void> => {
    try {
      signal?.throwIfAborted();
      await work();
    } catch (error) {
      left += 1;
      failure ??= fromNodeError(error, join(root, path));
    }
  };
  await mapLimited(list.entries, DELETIONS_AT_ONCE, (entry) =>
    attempt(entry.path, async () => {
      const path = join(root, entry.path);
      if (!(await isReachable(root, path, known)) || !(await isAsListed(path, entry))) return;
      await unlink(path).catch(ignoreMissing);
      files += 1;
      bytes += entry.size;
      onDeleted?.(entry);
    }),
  );
  for (const directory of list.directories.toReversed()) {
    await attempt(directory, async () => {
      const path = join(root, directory);
      if (await isReachable(root, path, known)) await removeEmptyDirectory(path);
    });
  }
  return { files, bytes, left, failure };
}

/** Removes a directory, unless something is in it. A link to one stays. */
async function removeEmptyDirectory(path: string): Promise<void> {
  try {
    await rmdir(path);
  } catch (error) {
    if (!["ENOENT", "ENOTEMPTY", "EEXIST", "ENOTDIR"].includes(errnoOf(error) ?? "")) {
      throw fromNodeError(error, path);
    }
  }
}

/** Whether the way from the root leads through directories alone: behind a link nothing is the game's. */
async function isReachable(root: string, path: string, known: Map<string, boolean>): Promise<boolean> {
  const parent = dirname(path);
  if (path === root) return true;
  const before = known.get(parent);
  if (before !== undefined) return before;
  const reachable =
    (await isReachable(root, parent, known)) && (await lookIfThere(parent))?.isDirectory() === true;
  known.set(parent, reachable);
  return reachable;
}

async function isAsListed(path: string, { size, mtimeNs }: ListedEntry): Promise<boolean> {
  const stats = await lookIfThere(path);
  if (stats === undefined || stats.isDirectory()) return false;
  return Number(stats.size) === size && String(stats.mtimeNs) === mtimeNs;
}

async function lookIfThere(path: string): Promise<BigIntStats | undefined> {
  try {
    return await lstat(path, { bigint: true });
  } catch (error) {
    if (errnoOf(error) === "ENOENT" || errnoOf(error) === "ENOTDIR") return undefined;
    throw fromNodeError(error, path);
  }
}

function ignoreMissing(error: unknown): void {
  if (errnoOf(error) !== "ENOENT") throw error;
}
