import { constants } from "node:fs";
import { type FileHandle, mkdir, open, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { errnoOf, fromNodeError } from "../../errors/index.ts";
import { DIRECTORY_MODE, EXECUTABLE_MODE, FILE_MODE } from "../constants.ts";
import type { UnpackedFile } from "../types.ts";
import type { EntryTarget } from "./cut-entries.ts";

/** A file that does not exist yet, never through a link. */
const CREATE_SAFELY = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0);

/** Files below a directory. Whoever made it disposes of it: a file that a failure has left open is closed then. */
export interface DiskTarget extends EntryTarget, AsyncDisposable {
  /** The files that are complete. */
  readonly files: readonly UnpackedFile[];
}

/** @throws PeerError of the disk from each of its calls, naming the file. */
export function createDiskTarget(into: string): DiskTarget {
  const files: UnpackedFile[] = [];
  /** Directories that are there for sure. */
  const made = new Set<string>([into]);
  let current:
    | { readonly path: string; readonly file: FileHandle; readonly entry: Omit<UnpackedFile, "crc32"> }
    | undefined;

  const makeDirectory = async (path: string): Promise<void> => {
    if (made.has(path)) return;
    await naming(path, () => mkdir(path, { recursive: true, mode: DIRECTORY_MODE }));
    made.add(path);
  };
  const opened = () => {
    if (current === undefined) throw new Error("there are bytes without a file");
    return current;
  };

  return {
    files,
    directory: ({ path }) => makeDirectory(join(into, path)),
    async begin({ path: relative, size, executable }, mtime) {
      const path = join(into, relative);
      await makeDirectory(dirname(path));
      const file = await naming(path, () => openNew(path, executable ? EXECUTABLE_MODE : FILE_MODE));
      current = { path, file, entry: { path: relative, size, mtime } };
    },
    async bytes(chunk) {
      const { path, file } = opened();
      await naming(path, async () => {
        for (let done = 0; done < chunk.length; ) {
          done += (await file.write(chunk, done, chunk.length - done)).bytesWritten;
        }
      });
    },
    async end(crc32) {
      const { path, file, entry } = opened();
      await naming(path, async () => {
        await file.utimes(entry.mtime / 1000, entry.mtime / 1000);
        current = undefined;
        await file.close();
      });
      files.push({ ...entry, crc32 });
    },
    async [Symbol.asyncDispose]() {
      await current?.file.close();
      current = undefined;
    },
  };
}

/** Opens a file that is not there; one that an earlier archive brought is replaced. */
async function openNew(path: string, mode: number): Promise<FileHandle> {
  try {
    return await open(path, CREATE_SAFELY, mode);
  } catch (error) {
    if (errnoOf(error) !== "EEXIST") throw error;
    await rm(path);
    return await open(path, CREATE_SAFELY, mode);
  }
}

async function naming<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw fromNodeError(error, path);
  }
}
