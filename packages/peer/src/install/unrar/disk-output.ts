import { closeSync, constants, futimesSync, mkdirSync, openSync, rmSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import { errnoOf, fromNodeError } from "../../errors/index.ts";
import { DIRECTORY_MODE, EXECUTABLE_MODE, FILE_MODE } from "../constants.ts";
import { fileTime } from "../file-time.ts";
import type { EntryOutput } from "./entry-output.ts";

/** A file that does not exist yet, never through a link. */
const CREATE_SAFELY = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0);

/** Files below the directory `into`. @throws PeerError of the disk, naming the file. */
export function createDiskOutput(into: string): EntryOutput {
  /** Directories that are there for sure. */
  const made = new Set<string>([into]);
  let open: { readonly path: string; readonly descriptor: number; readonly mtime: number } | undefined;

  const makeDirectory = (path: string): void => {
    if (made.has(path)) return;
    try {
      mkdirSync(path, { recursive: true, mode: DIRECTORY_MODE });
    } catch (error) {
      throw fromNodeError(error, path);
    }
    made.add(path);
  };

  const current = () => {
    if (open === undefined) throw new Error("the library writes to a file that it has not created");
    return open;
  };

  return {
    makeDirectory: (entry) => makeDirectory(join(into, entry.path)),
    open(entry, mtime) {
      const path = join(into, entry.path);
      makeDirectory(dirname(path));
      open = { path, descriptor: openNew(path, entry.executable ? EXECUTABLE_MODE : FILE_MODE), mtime };
    },
    write(bytes) {
      const { descriptor, path } = current();
      for (let done = 0; done < bytes.length; ) {
        try {
          done += writeSync(descriptor, bytes, done, bytes.length - done);
        } catch (error) {
          throw fromNodeError(error, path);
        }
      }
    },
    close() {
      const { descriptor, path, mtime } = current();
      open = undefined;
      try {
        try {
          const changed = fileTime(mtime);
          futimesSync(descriptor, changed, changed);
        } finally {
          closeSync(descriptor);
        }
      } catch (error) {
        throw fromNodeError(error, path);
      }
    },
    abandon() {
      if (open !== undefined) closeSync(open.descriptor);
      open = undefined;
    },
  };
}

/** Opens a file that is not there; one that an earlier archive brought is replaced. */
function openNew(path: string, mode: number): number {
  try {
    try {
      return openSync(path, CREATE_SAFELY, mode);
    } catch (error) {
      if (errnoOf(error) !== "EEXIST") throw error;
      rmSync(path);
      return openSync(path, CREATE_SAFELY, mode);
    }
  } catch (error) {
    throw fromNodeError(error, path);
  }
}
