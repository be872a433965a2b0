import type { StreamControl, StreamControlType } from "@lanspread/proto";
import { ArrivingPaths } from "./arriving-paths.ts";
import { type ExpectedArchives, mayBeVolume } from "./expected-archives.ts";
import { SourceFault } from "./source-fault.ts";

/** Longest part of a name that a message quotes, UTF-16 units. */
const MAX_QUOTED = 200;

/** What a control frame means to who writes the files. */
export type StreamAction =
  /** An archive begins. */
  | { readonly kind: "archive"; readonly name: string; readonly unpackedBytes: number }
  | { readonly kind: "directory"; readonly path: string }
  /** A file begins: exactly `size` raw bytes follow. `mtime` in milliseconds since 1970. */
  | { readonly kind: "file"; readonly path: string; readonly size: number; readonly mtime: number }
  /** All bytes of the file have come. */
  | { readonly kind: "file-end"; readonly crc32: number }
  /** Everything has come: nothing may follow. */
  | { readonly kind: "complete" };

/** How far a stream has come. */
export interface StreamTotals {
  readonly files: number;
  /** Bytes of the files, those of the running one included. */
  readonly bytes: number;
}

interface Archive {
  readonly name: string;
  /** Of all archives, counted from 0. */
  readonly number: number;
  /** Bytes of files that are still to be announced. */
  bytesLeft: number;
  entriesLeft: number;
}

/**
 * Checks a stream frame by frame: their order, every path, every announced size and number, and the totals. Values in,
 * values out; what is written, and whether the bytes have the announced checksum, is somebody else's.
 *
 * Call order: {@link control} for every control frame, {@link data} for every raw one. When control has returned `complete`
 * the stream is whole.
 */
export class StreamOrder {
  readonly #expected: ExpectedArchives;
  readonly #paths = new ArrivingPaths();
  #archive: Archive | null = null;
  #archives = 0;
  /** Of the archives that are expected, the first that has not begun. */
  #next = 0;
  /** Bytes of the running file that are still to come; null between files. */
  #left: number | null = null;
  #files = 0;
  #bytes = 0;
  #complete = false;

  constructor(expected: ExpectedArchives) {
    this.#expected = expected;
  }

  get totals(): StreamTotals {
    return { files: this.#files, bytes: this.#bytes };
  }

  /** @throws SourceFault where the frame may not come now, or says what cannot be; or with what the source says in `error` */
  control(frame: StreamControl): StreamAction {
    if (frame.type === "error") {
      const later = frame.code === "busy" && frame.retryable && this.#archive === null;
      const badArchives = frame.code === "internal" && !frame.retryable;
      throw new SourceFault("said", `it says ${frame.code}: ${frame.message}`, { later, badArchives });
    }
    if (this.#complete) throw wrong(`${frame.type} behind complete`);
    if (this.#left !== null && frame.type !== "file_end") throw wrong(`${frame.type} within a file`);
    switch (frame.type) {
      case "archive_begin":
        return this.#beginArchive(frame);
      case "directory":
        this.#entry(frame.type);
        this.#paths.addDirectory(frame.path);
        return { kind: "directory", path: frame.path };
      case "file_begin":
        return this.#beginFile(frame);
      case "file_end":
        return this.#endFile(frame);
      case "complete":
        return this.#finish(frame);
    }
  }

  /**
   * So many raw bytes of the running file come.
   *
   * @throws SourceFault where they may not
   */
  data(length: number): void {
    if (this.#left === null)
      throw wrong(`raw bytes ${this.#complete ? "behind complete" : "outside of a file"}`);
    if (length > this.#left) throw wrong("more raw bytes than the file has");
    this.#left -= length;
    this.#bytes += length;
  }

  #beginArchive({ name, unpacked_size, entries }: StreamControl & { type: "archive_begin" }): StreamAction {
    const last = this.#archive;
    this.#endArchive();
    this.#requireExpected(name, last?.name ?? null);
    this.#archive = { name, number: this.#archives, bytesLeft: unpacked_size, entriesLeft: entries };
    this.#archives += 1;
    return { kind: "archive", name, unpackedBytes: unpacked_size };
  }

  /** @param name of the archive that begins; null where none comes any more */
  #requireExpected(name: string | null, last: string | null): void {
    if (this.#expected.kind === "files") {
      if (name !== null && (name !== this.#expected.name || last !== null)) throw noArchive(name);
      return;
    }
    const { archives } = this.#expected;
    for (; ; this.#next++) {
      const expected = archives[this.#next]?.name;
      if (expected === undefined) {
        if (name !== null) throw noArchive(name);
        return;
      }
      if (expected === name) {
        this.#next += 1;
        return;
      }
      if (last === null || !mayBeVolume(last, expected)) throw wrong(`${expected} is left out`);
    }
  }

  #entry(type: StreamControlType): Archive {
    const archive = this.#archive;
    if (archive === null) throw wrong(`${type} before any archive`);
    archive.entriesLeft -= 1;
    if (archive.entriesLeft < 0) throw wrong(`${archive.name} has more entries than were announced`);
    return archive;
  }

  #beginFile({ type, path, size, mtime }: StreamControl & { type: "file_begin" }): StreamAction {
    const archive = this.#entry(type);
    archive.bytesLeft -= size;
    if (archive.bytesLeft < 0) throw wrong(`${archive.name} has more bytes than were announced`);
    this.#paths.addFile(path, archive.number);
    if (this.#expected.kind === "files" && this.#expected.files.get(path) !== size) {
      throw wrong(`${JSON.stringify(path)} with ${size} bytes is no file of the game`);
    }
    this.#left = size;
    return { kind: "file", path, size, mtime };
  }

  #endFile({ crc32 }: StreamControl & { type: "file_end" }): StreamAction {
    if (this.#left === null) throw wrong("file_end without file_begin");
    if (this.#left > 0) throw wrong(`file_end ${this.#left} bytes before the end of the file`);
    this.#left = null;
    this.#files += 1;
    return { kind: "file-end", crc32 };
  }

  #endArchive(): void {
    const archive = this.#archive;
    if (archive === null) return;
    const { name, bytesLeft, entriesLeft } = archive;
    if (bytesLeft > 0 || entriesLeft > 0) {
      throw wrong(`${name} ends ${entriesLeft} entries and ${bytesLeft} bytes too early`);
    }
  }

  #finish({ files, bytes }: StreamControl & { type: "complete" }): StreamAction {
    if (this.#archive === null) throw wrong("complete without any archive");
    this.#endArchive();
    this.#requireExpected(null, this.#archive.name);
    if (files !== this.#files || bytes !== this.#bytes) {
      throw wrong(
        `it counts ${files} files and ${bytes} bytes, ${this.#files} files and ${this.#bytes} bytes have come`,
      );
    }
    if (this.#expected.kind === "files" && files !== this.#expected.files.size) {
      throw wrong(`${files} files of the game's ${this.#expected.files.size} have come`);
    }
    this.#complete = true;
    return { kind: "complete" };
  }
}

/** Of no file of the game, or of one whose turn it is not. */
function noArchive(name: string): SourceFault {
  return wrong(`${JSON.stringify(name.slice(0, MAX_QUOTED))} is not the next archive of the game`);
}

function wrong(what: string): SourceFault {
  return new SourceFault("wrong", what);
}
