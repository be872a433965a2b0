import type { ApprovedEntry } from "./messages.ts";

/** Where the content of an archive goes. The library writes one file at a time. */
export interface EntryOutput {
  makeDirectory(entry: ApprovedEntry): void;
  /** A file begins. `mtime` in milliseconds since 1970. */
  open(entry: ApprovedEntry, mtime: number): void;
  /** The bytes are the library's memory: they are taken before this returns. */
  write(bytes: Uint8Array): void;
  /** The file that was opened is complete. */
  close(crc32: number): void;
  /** Gives back what a failure has left open. */
  abandon(): void;
}
