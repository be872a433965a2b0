import { statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import { MEMORY_DIRECTORY, TMPFS_TYPE } from "./constants.ts";

/** Where games are that no disk shall slow down. */
export interface MemoryPlace {
  readonly directory: string;
  /** Why it is not in memory; null where it is. */
  readonly problem: string | null;
}

/** A directory in memory with room for so many bytes; the place of temporary files where there is none. */
export async function findMemoryPlace(bytes: number): Promise<MemoryPlace> {
  const problem = await problemOf(MEMORY_DIRECTORY, bytes);
  return { problem, directory: problem === null ? MEMORY_DIRECTORY : tmpdir() };
}

async function problemOf(directory: string, bytes: number): Promise<string | null> {
  try {
    const { type, bavail, bsize } = await statfs(directory);
    if (type !== TMPFS_TYPE) return `${directory} is not in memory`;
    return bavail * bsize < bytes ? `${directory} has less than ${bytes} bytes free` : null;
  } catch {
    return `there is no ${directory}`;
  }
}

/** Whether files in a directory are in memory, where that can be told. */
export async function isInMemory(directory: string): Promise<boolean> {
  return (await statfs(directory)).type === TMPFS_TYPE;
}
