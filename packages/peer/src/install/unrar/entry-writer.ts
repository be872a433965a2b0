import { crc32 } from "node:zlib";
import type { UnpackedFile } from "../types.ts";
import type { EntryOutput } from "./entry-output.ts";
import { quoteName, UnpackFailure } from "./failure.ts";
import { referenceRefused } from "./headers.ts";
import type { ApprovedEntry } from "./messages.ts";

/** The library writes one file at a time: one handle is enough. It is even, those for reading are odd. */
const HANDLE = 2;

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

/** Lets nothing pass to the output but what the entry's header says. */
export function createEntryWriter(archive: string, output: EntryOutput): EntryWriter {
  let current: ApprovedEntry | undefined;
  /** Of the current entry, once the library has created it. */
  let mtime: number | undefined;
  let position = 0;
  let crc = 0;

  const target = (): ApprovedEntry => {
    if (current === undefined) throw new Error("the library writes without an entry");
    return current;
  };

  return {
    get position() {
      return position;
    },
    makeDirectory: (entry) => output.makeDirectory(entry),
    begin(entry) {
      current = entry;
      mtime = undefined;
      position = 0;
      crc = 0;
    },
    create() {
      const entry = target();
      mtime = entry.mtime ?? Date.now();
      output.open(entry, mtime);
      return HANDLE;
    },
    isWriting: (handle) => handle === HANDLE,
    write(bytes) {
      const { name, size } = target();
      if (mtime === undefined) throw new Error("the library writes to a file that it has not created");
      if (position + bytes.length > size) {
        throw new UnpackFailure(
          "archive-damaged",
          `${archive}: ${quoteName(name)} has more bytes than its header says`,
        );
      }
      output.write(bytes);
      crc = crc32(bytes, crc);
      position += bytes.length;
    },
    end() {
      const { name, path, size } = target();
      if (mtime === undefined) throw referenceRefused(archive, name);
      if (position !== size) {
        throw new UnpackFailure(
          "archive-damaged",
          `${archive}: ${quoteName(name)} has ${position} bytes, its header says ${size}`,
        );
      }
      output.close(crc);
      current = undefined;
      return { path, size, crc32: crc, mtime };
    },
    closeAll: () => output.abandon(),
  };
}
