import { type FileHandle, open, readdir, readFile } from "node:fs/promises";
import { temporaryDirectory } from "@lanspread/testkit";

/** A flush that happened, and what the disk said at that moment. */
export interface ObservedFlush<T> {
  readonly directory: boolean;
  /** Inode of what was flushed: the same before and after a rename. */
  readonly inode: number;
  readonly seen: T;
}

/** Content of a file; null where there is none. */
export async function contentOf(path: string): Promise<string | null> {
  return readFile(path, "utf8").catch(() => null);
}

/** Names in a directory, sorted. */
export async function namesOf(path: string): Promise<string[]> {
  return (await readdir(path)).sort();
}

type FlushCall = "sync" | "datasync";

/**
 * Watches every flush (`fsync`, and where `calls` has it `fdatasync`) of this process while `work` runs. Every flush really
 * takes place, after `look` has seen what it finds: what it sees is what the flush makes last.
 */
export async function observeFlushes<T>(
  work: () => Promise<unknown>,
  look: () => Promise<T>,
  calls: readonly FlushCall[] = ["sync"],
): Promise<ObservedFlush<T>[]> {
  const flushes: ObservedFlush<T>[] = [];
  const prototype = await fileHandlePrototype();
  const real = { sync: prototype.sync, datasync: prototype.datasync };
  for (const call of calls) {
    prototype[call] = async function (this: FileHandle) {
      const info = await this.stat();
      flushes.push({ directory: info.isDirectory(), inode: info.ino, seen: await look() });
      return real[call].call(this);
    };
  }
  try {
    await work();
  } finally {
    Object.assign(prototype, real);
  }
  return flushes;
}

/** Node exports no class of its file handles: an open one leads to it. */
async function fileHandlePrototype(): Promise<FileHandle> {
  await using dir = await temporaryDirectory();
  await using file = await open(dir.join("file"), "w");
  return Object.getPrototypeOf(file) as FileHandle;
}
