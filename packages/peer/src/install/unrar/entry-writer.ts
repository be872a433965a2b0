import { closeSync, constants, futimesSync, mkdirSync, openSync, rmSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import { crc32 } from "node:zlib";
import { errnoOf, fromNodeError } from "../../errors/index.ts";
import { DIRECTORY_MODE, EXECUTABLE_MODE, FILE_MODE } from "../constants.ts";
import type { UnpackedFile } from "../types.ts";
import { quoteName, UnpackFailure } from "./failure.ts";
import type { ApprovedEntry } from "./messages.ts";

/** The library writes one file at a time: one handle is enough. It is even, those for reading are odd. */
const HANDLE = 2;

/** A file that does not exist yet, never through a link. */
const CREATE_SAFELY = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0);

/** The writing half of the library's calls. It knows one name only: that of the entry that is being unpacked. */
export interface EntryWriter {
  /** Makes a directory. */
  makeDirectory(entry: ApprovedEntry): void;
  /** Says which entry comes next. */
  begin(entry: ApprovedEntry): void;
  /** Ends the entry: exactly its bytes must have come. */
  end(): UnpackedFile;
  create(): number;
  isWriting(handle: number): boolean;
  /** Bytes written in the current entry. */
  readonly position: number;
  write(bytes: Uint8Array): void;
  /** Closes what is open. */
  closeAll(): void;
}

export function createEntryWriter(archive: string, into: string): EntryWriter {
  /** Directories that are there for sure. */
  const made = new Set<string>([into]);
  let current: ApprovedEntry | undefined;
  let descriptor: number | undefined;
  let created = false;
  let position = 0;
  let crc = 0;

  const target = (): ApprovedEntry => {
    if (current === undefined) throw new Error("the library writes without an entry");
    return current;
  };

  const makeDirectory = (path: string): void => {
    if (made.has(path)) return;
    try {
      mkdirSync(path, { recursive: true, mode: DIRECTORY_MODE });
    } catch (error) {
      throw fromNodeError(error, path);
    }
    made.add(path);
  };

  return {
    get position() {
      return position;
    },
    makeDirectory: (entry) => makeDirectory(join(into, entry.path)),
    begin(entry) {
      current = entry;
      created = false;
      position = 0;
      crc = 0;
    },
    create() {
      const { path, executable } = target();
      const absolute = join(into, path);
      makeDirectory(dirname(absolute));
      descriptor = openNew(absolute, executable ? EXECUTABLE_MODE : FILE_MODE);
      created = true;
      return HANDLE;
    },
    isWriting: (handle) => handle === HANDLE,
    write(bytes) {
      const { name, path, size } = target();
      if (descriptor === undefined) throw new Error("the library writes to a file that it has not created");
      if (position + bytes.length > size) {
        throw new UnpackFailure(
          "archive-damaged",
          `${archive}: ${quoteName(name)} has more bytes than its header says`,
        );
      }
      for (let done = 0; done < bytes.length; ) {
        try {
          done += writeSync(descriptor, bytes, done, bytes.length - done);
        } catch (error) {
          throw fromNodeError(error, join(into, path));
        }
      }
      crc = crc32(bytes, crc);
      position += bytes.length;
    },
    end() {
      const { name, path, size, mtime } = target();
      if (!created) {
        throw new UnpackFailure(
          "archive-unsupported",
          `${archive}: ${quoteName(name)} is a link or a reference to another entry, which is refused`,
        );
      }
      if (position !== size || descriptor === undefined) {
        throw new UnpackFailure(
          "archive-damaged",
          `${archive}: ${quoteName(name)} has ${position} bytes, its header says ${size}`,
        );
      }
      const changed = mtime ?? Date.now();
      try {
        futimesSync(descriptor, changed / 1000, changed / 1000);
        closeSync(descriptor);
      } catch (error) {
        throw fromNodeError(error, join(into, path));
      } finally {
        descriptor = undefined;
      }
      current = undefined;
      return { path, size, crc32: crc, mtime: changed };
    },
    closeAll() {
      if (descriptor !== undefined) closeSync(descriptor);
      descriptor = undefined;
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
