import type { BigIntStats } from "node:fs";
import { errnoOf, fromNodeError, PeerError } from "../errors/index.ts";
import { type FileAccess, pathBelow, pooledAccess } from "../storage/index.ts";

/** State of a file of a download on disk. */
export type FileState = "ours" | "empty" | "missing" | "other";

/** What is at the path of a file of a download. */
export interface FoundFile {
  readonly state: FileState;
  /** Tells the file from every other one; null where nothing is. */
  readonly identity: string | null;
  /** Last change in nanoseconds since 1970, as digits: more than a number holds. Null where nothing is. */
  readonly mtimeNs: string | null;
}

/** There is nothing. */
export const NOTHING: FoundFile = { state: "missing", identity: null, mtimeNs: null };

/** A file as the manifest has it: the path relative to the root, the size in bytes. */
export interface WantedFile {
  readonly path: string;
  readonly size: number;
}

/** What is at the path of a file that the journal names, and when it was changed last: content, name or rights. */
export async function fileState(
  root: string,
  path: string,
  size: number,
): Promise<{ readonly state: FileState; readonly changedNs: bigint }> {
  const stats = await lookExactly(pooledAccess, pathBelow(root, path));
  if (stats === null) return { state: "missing", changedNs: 0n };
  return { state: judge(stats, size), changedNs: stats.ctimeNs };
}

/** When a file was written last, nanoseconds since 1970; null where nothing is. */
export async function writtenNs(absolute: string): Promise<bigint | null> {
  return (await lookExactly(pooledAccess, absolute))?.mtimeNs ?? null;
}

export async function findFile(
  access: Pick<FileAccess, "lstatExactly">,
  root: string,
  { path, size }: WantedFile,
): Promise<FoundFile> {
  const stats = await lookExactly(access, pathBelow(root, path));
  if (stats === null) return NOTHING;
  return { state: judge(stats, size), identity: identityOf(stats), mtimeNs: String(stats.mtimeNs) };
}

/** Tells a file from every other one. */
export function identityOf({
  dev,
  ino,
}: {
  readonly dev: number | bigint;
  readonly ino: number | bigint;
}): string {
  return `${dev}:${ino}`;
}

export function inTheWay(absolute: string): PeerError {
  return new PeerError(
    "already-exists",
    `${absolute} is there already, and no download of ours put it there`,
    {
      hint: "Move it away, or name its folder differently: nothing was overwritten.",
    },
  );
}

/**
 * With the full size a file is ours, and without any it was made and not given its size. A second name of the same file is
 * somebody else's: it must not be written to.
 */
function judge(stats: BigIntStats, size: number): FileState {
  if (!stats.isFile() || stats.nlink > 1n) return "other";
  if (stats.size === BigInt(size)) return "ours";
  return stats.size === 0n ? "empty" : "other";
}

/** What `lstat` says, to the last digit of the file's number; null where nothing is. */
async function lookExactly(
  access: Pick<FileAccess, "lstatExactly">,
  absolute: string,
): Promise<BigIntStats | null> {
  try {
    return await access.lstatExactly(absolute);
  } catch (error) {
    if (errnoOf(error) === "ENOENT" || errnoOf(error) === "ENOTDIR") return null;
    throw fromNodeError(error, absolute);
  }
}
