import {
  type BigIntStats,
  closeSync,
  fdatasync,
  fstatSync,
  lstatSync,
  openSync,
  readSync,
  realpathSync,
  type Stats,
  writeSync,
} from "node:fs";
import { lstat, open, realpath } from "node:fs/promises";
import { promisify } from "node:util";

const flush = promisify(fdatasync);

/** At once, or later. */
export type Soon<T> = T | Promise<T>;

/** How files are looked at and opened. What its methods throw or reject with is what Node does. */
export interface FileAccess {
  lstat(path: string): Soon<Stats>;
  realpath(path: string): Soon<string>;
  open(path: string, flags: number): Soon<OpenedFile>;
}

/** A file that is open. Positions in bytes. */
export interface OpenedFile {
  stat(): Soon<BigIntStats>;
  /** Reads into the head of `into`. @returns how many bytes; 0 at the end of the file */
  read(into: Uint8Array, position: number): Soon<number>;
  /** @returns how many of the bytes were written */
  write(bytes: Uint8Array, position: number): Soon<number>;
  /** What was written is on the disk when it resolves. */
  datasync(): Promise<void>;
  close(): Soon<void>;
}

/** Node's pool of threads does the work: the own thread goes on meanwhile. For main threads, and for many bytes at once. */
export const pooledAccess: FileAccess = {
  lstat: (path) => lstat(path),
  realpath: (path) => realpath(path),
  open: async (path, flags) => {
    const file = await open(path, flags);
    return {
      stat: () => file.stat({ bigint: true }),
      read: async (into, position) => (await file.read(into, 0, into.length, position)).bytesRead,
      write: async (bytes, position) => (await file.write(bytes, 0, bytes.length, position)).bytesWritten,
      datasync: () => file.datasync(),
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
  realpath: (path) => realpathSync.native(path),
  open: (path, flags) => {
    const file = openSync(path, flags);
    return {
      stat: () => fstatSync(file, { bigint: true }),
      read: (into, position) => readSync(file, into, 0, into.length, position),
      write: (bytes, position) => writeSync(file, bytes, 0, bytes.length, position),
      // The disk may take its time, whatever the size.
      datasync: () => flush(file),
      close: () => closeSync(file),
    };
  },
};
