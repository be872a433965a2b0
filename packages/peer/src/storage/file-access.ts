import {
  type BigIntStats,
  closeSync,
  fdatasync,
  fdatasyncSync,
  fstatSync,
  ftruncateSync,
  lstatSync,
  mkdirSync,
  openSync,
  readlinkSync,
  readSync,
  realpathSync,
  type Stats,
  unlinkSync,
  writeSync,
} from "node:fs";
import { lstat, mkdir, open, readlink, realpath, unlink } from "node:fs/promises";
import { promisify } from "node:util";

const flush = promisify(fdatasync);

/** At once, or later. */
export type Soon<T> = T | Promise<T>;

/** How files are looked at, opened and made. What its methods throw or reject with is what Node does. */
export interface FileAccess {
  lstat(path: string): Soon<Stats>;
  /** With numbers to their last digit. */
  lstatExactly(path: string): Soon<BigIntStats>;
  realpath(path: string): Soon<string>;
  /** @param mode of a file that is made by it */
  open(path: string, flags: number, mode?: number): Soon<OpenedFile>;
  mkdir(path: string): Soon<void>;
  unlink(path: string): Soon<void>;
}

/** A file that is open. Positions in bytes. */
export interface OpenedFile {
  stat(): Soon<BigIntStats>;
  /**
   * Where it is, by the system that has opened it: an absolute path without links. Only Linux tells (proc_pid_fd(5)); rejects or throws
   * elsewhere, and where there is no `/proc`. Of a file that was removed or renamed meanwhile it is another path than it was opened by.
   */
  whereabouts(): Soon<string>;
  /** A path of what has a name in it, where it is a directory: it leads there whatever becomes of the directory's own. Linux alone. */
  pathOf(name: string): string;
  /** Reads into the head of `into`. @returns how many bytes; 0 at the end of the file */
  read(into: Uint8Array, position: number): Soon<number>;
  /** @returns how many of the bytes were written */
  write(bytes: Uint8Array, position: number): Soon<number>;
  /** Gives it a size, bytes. */
  truncate(size: number): Soon<void>;
  /** What was written is on the disk when it resolves. Node's pool of threads sees to it. */
  datasync(): Promise<void>;
  /** The same by the own thread, which waits for the disk. */
  datasyncNow(): void;
  close(): Soon<void>;
}

/** Node's pool of threads does the work: the own thread goes on meanwhile. For main threads, and for many bytes at once. */
export const pooledAccess: FileAccess = {
  lstat: (path) => lstat(path),
  lstatExactly: (path) => lstat(path, { bigint: true }),
  realpath: (path) => realpath(path),
  mkdir: (path) => mkdir(path),
  unlink: (path) => unlink(path),
  open: async (path, flags, mode) => {
    const file = await open(path, flags, mode);
    return {
      stat: () => file.stat({ bigint: true }),
      whereabouts: () => readlink(`/proc/self/fd/${file.fd}`),
      pathOf: (name) => `/proc/self/fd/${file.fd}/${name}`,
      read: async (into, position) => (await file.read(into, 0, into.length, position)).bytesRead,
      write: async (bytes, position) => (await file.write(bytes, 0, bytes.length, position)).bytesWritten,
      truncate: (size) => file.truncate(size),
      datasync: () => file.datasync(),
      datasyncNow: () => fdatasyncSync(file.fd),
      close: () => file.close(),
    };
  },
};

/**
 * The own thread does the work and waits for it. For threads that do nothing but move files, and for small ones: the way to the
 * pool and back takes several times as long as such a step, and a small file has ten of them.
 */
export const directAccess: FileAccess = {
  lstat: (path) => lstatSync(path),
  lstatExactly: (path) => lstatSync(path, { bigint: true }),
  realpath: (path) => realpathSync.native(path),
  mkdir: (path) => mkdirSync(path),
  unlink: (path) => unlinkSync(path),
  open: (path, flags, mode) => {
    const file = openSync(path, flags, mode);
    return {
      stat: () => fstatSync(file, { bigint: true }),
      whereabouts: () => readlinkSync(`/proc/self/fd/${file}`),
      pathOf: (name) => `/proc/self/fd/${file}/${name}`,
      read: (into, position) => readSync(file, into, 0, into.length, position),
      write: (bytes, position) => writeSync(file, bytes, 0, bytes.length, position),
      truncate: (size) => ftruncateSync(file, size),
      // The disk may take its time, whatever the size.
      datasync: () => flush(file),
      datasyncNow: () => fdatasyncSync(file),
      close: () => closeSync(file),
    };
  },
};
