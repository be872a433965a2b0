import { createHash, type Hash } from "node:crypto";
import { setImmediate as nextTurn } from "node:timers/promises";
import { crc32 } from "node:zlib";
import { expect } from "vitest";
import type { EntrySink, UnpackedFile } from "../../../src/install/index.ts";

/** What came of a file. It is complete when its end came. */
export interface StreamedFile extends UnpackedFile {
  readonly sha256: string;
}

export interface CollectingSink extends EntrySink {
  readonly directories: readonly string[];
  /** Complete ones, in the order in which they came. */
  readonly files: readonly StreamedFile[];
  /** Path of the file whose end has not come. */
  readonly unfinished: string | undefined;
  /** Every call so far, by the name of the method. */
  readonly calls: readonly (keyof EntrySink)[];
}

const LARGEST_CHUNK = 1024 * 1024;

/** Takes everything, keeps digests of it, and checks that it is called as the interface says. */
export function createCollectingSink(): CollectingSink {
  const directories: string[] = [];
  const files: StreamedFile[] = [];
  const calls: (keyof EntrySink)[] = [];
  let open: { path: string; size: number; mtime: number; done: number; crc: number; hash: Hash } | undefined;
  let busy = false;

  /** Comes back in another turn, so that a caller who does not wait is noticed. */
  const alone = async (method: keyof EntrySink, work: () => void): Promise<void> => {
    expect(busy, `${method} is called while another call is under way`).toBe(false);
    busy = true;
    calls.push(method);
    work();
    if (calls.length < 100 || calls.length % 100 === 0) await nextTurn();
    busy = false;
  };

  return {
    directories,
    files,
    calls,
    get unfinished() {
      return open?.path;
    },
    directory: ({ path }) =>
      alone("directory", () => {
        expect(open, "a directory comes between files").toBeUndefined();
        directories.push(path);
      }),
    fileBegin: ({ path, size, mtime }) =>
      alone("fileBegin", () => {
        expect(open, "a file begins when the last one has ended").toBeUndefined();
        open = { path, size, mtime, done: 0, crc: 0, hash: createHash("sha256") };
      }),
    bytes: (chunk) =>
      alone("bytes", () => {
        if (open === undefined) throw new Error("bytes came without a file");
        expect(chunk.length).toBeGreaterThan(0);
        expect(chunk.length).toBeLessThanOrEqual(LARGEST_CHUNK);
        open.done += chunk.length;
        open.crc = crc32(chunk, open.crc);
        open.hash.update(chunk);
      }),
    fileEnd: ({ crc32: told }) =>
      alone("fileEnd", () => {
        if (open === undefined) throw new Error("an end came without a file");
        const { path, size, mtime, done, crc, hash } = open;
        expect([done, told], `bytes and checksum of ${path}`).toEqual([size, crc]);
        files.push({ path, size, mtime, crc32: told, sha256: hash.digest("hex") });
        open = undefined;
      }),
  };
}
