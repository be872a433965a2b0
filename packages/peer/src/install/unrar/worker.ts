/**
 * The thread that unpacks. The library is synchronous, so reading and writing here are too; before each of both it
 * looks whether the request was cancelled.
 *
 * It imports nothing of the other workspace packages: it also runs where packages are not resolved to sources. So the
 * rules for paths are the main thread's: it gets a listing first, and what it approved is all that is created here.
 */
import { parentPort, workerData } from "node:worker_threads";
import { PeerError } from "../../errors/index.ts";
import { MAX_ARCHIVE_ENTRIES, UNPACK_PROGRESS_BYTES } from "../constants.ts";
import type { StreamTotals, UnpackedFile } from "../types.ts";
import { createDiskOutput } from "./disk-output.ts";
import { createEntryWriter, type EntryWriter } from "./entry-writer.ts";
import { quoteName, UnpackCancelled, UnpackFailure } from "./failure.ts";
import { nameMisread, readHeader, referenceRefused } from "./headers.ts";
import {
  type ApprovedEntry,
  CANCELLED_SLOT,
  type RawEntry,
  type RawListing,
  type UnpackingStart,
  type UnrarReply,
  type UnrarRequest,
} from "./messages.ts";
import { findCutOffRar4 } from "./rar4-volumes.ts";
import { readRar5Headers } from "./rar5-headers.ts";
import { createRingOutput } from "./ring-output.ts";
import { type FileCalls, loadUnrar } from "./unrar-module.ts";
import { createVolumeReader, type VolumeReader } from "./volume-reader.ts";
import { walkArchive } from "./walk-archive.ts";

const port = parentPort;
if (port === null) throw new Error("this file is the unpacking worker: it is started as a thread");
const start = workerData as UnpackingStart;
const control = new Int32Array(start.control);
const unrar = await loadUnrar(start.code);
const say = (reply: UnrarReply): void => port.postMessage(reply);

port.on("message", (request: UnrarRequest) => say(answer(request)));

function answer(request: UnrarRequest): UnrarReply {
  const reader = createVolumeReader(request.archive);
  try {
    leaveIfCancelled();
    switch (request.type) {
      case "list":
        return { type: "listing", listing: list(request.archive, reader) };
      case "unpack":
        return { type: "unpacked", files: unpack(request, reader) };
      case "stream":
        return { type: "streamed", totals: stream(request, reader) };
    }
  } catch (error) {
    if (error instanceof UnpackCancelled) return { type: "cancelled" };
    const { code, message } = failureOf(error, request.archive);
    return { type: "failed", code, message };
  } finally {
    reader.closeAll();
  }
}

function list(archive: string, reader: VolumeReader): RawListing {
  const entries: RawEntry[] = [];
  unrar.extractor = readingCalls(reader);
  const { solid } = walkArchive(unrar, {
    archive,
    reader,
    listOnly: true,
    entry: (header) => {
      leaveIfCancelled();
      if (entries.length === MAX_ARCHIVE_ENTRIES) {
        throw new UnpackFailure(
          "archive-unsupported",
          `${archive} has more than ${MAX_ARCHIVE_ENTRIES} entries`,
        );
      }
      entries.push(readHeader(archive, header));
      return { unpack: false };
    },
  });
  return { solid, entries: completed(archive, entries, reader), volumes: reader.volumes };
}

/** The entries with what only their own headers tell, where those can be read. */
function completed(
  archive: string,
  entries: readonly RawEntry[],
  { volumes, format }: VolumeReader,
): readonly RawEntry[] {
  if (format() === "rar4") {
    const cutOff = findCutOffRar4(volumes);
    if (cutOff !== undefined) throw new UnpackFailure("archive-truncated", `${cutOff} ends too early`);
    return entries;
  }
  const headers = readRar5Headers(volumes);
  const readable = headers?.length === entries.length ? headers : undefined;
  return entries.map((entry, at) => {
    const header = readable?.[at];
    // What the library calls the checksum of a RAR 5 entry may be the head of a longer one.
    if (header === undefined) return { ...entry, crc32: null };
    if (header.name !== entry.name) throw nameMisread(archive, header.name, entry.name);
    if (header.isReference) throw referenceRefused(archive, entry.name);
    return { ...entry, mtime: header.mtime, crc32: header.crc32 };
  });
}

function unpack(
  { archive, into, entries }: UnrarRequest & { type: "unpack" },
  reader: VolumeReader,
): UnpackedFile[] {
  const files: UnpackedFile[] = [];
  let index = 0;
  let bytes = 0;
  let reported = 0;
  const report = (): void => {
    reported = bytes;
    say({ type: "progress", index, bytes });
  };
  extract({
    archive,
    reader,
    entries,
    writer: createEntryWriter(archive, createDiskOutput(into)),
    onEntry: (at) => {
      index = at;
      report();
    },
    onBytes: (count) => {
      bytes += count;
      if (bytes - reported >= UNPACK_PROGRESS_BYTES) report();
    },
    onFile: (file) => files.push(file),
  });
  return files;
}

function stream(
  { archive, entries, ring }: UnrarRequest & { type: "stream" },
  reader: VolumeReader,
): StreamTotals {
  const output = createRingOutput({ ring, control, say, leaveIfCancelled });
  const totals = { files: 0, bytes: 0 };
  try {
    extract({
      archive,
      reader,
      entries,
      writer: createEntryWriter(archive, output),
      onFile: ({ size }) => {
        totals.files += 1;
        totals.bytes += size;
      },
    });
  } finally {
    output.flush();
  }
  return totals;
}

interface Extraction {
  readonly archive: string;
  readonly reader: VolumeReader;
  readonly entries: readonly ApprovedEntry[];
  readonly writer: EntryWriter;
  /** Called before the entry of this index. */
  readonly onEntry?: (index: number) => void;
  readonly onBytes?: (count: number) => void;
  readonly onFile: (file: UnpackedFile) => void;
}

/** Leads every entry to the writer, if it is the one that was approved at its place. */
function extract({ archive, reader, entries, writer, onEntry, onBytes, onFile }: Extraction): void {
  let index = 0;
  unrar.extractor = {
    ...readingCalls(reader),
    create: () => writer.create(),
    close: (handle) => {
      // The entry's end closes its file, after its time was set.
      if (!writer.isWriting(handle)) reader.close(handle);
    },
    write: (_handle, at, length) => {
      leaveIfCancelled();
      writer.write(unrar.HEAPU8.subarray(at, at + length));
      onBytes?.(length);
      return true;
    },
    tell: (handle) => (writer.isWriting(handle) ? writer.position : reader.tell(handle)),
    seek: (handle, offset, from) => !writer.isWriting(handle) && reader.seek(handle, offset, from),
  };
  try {
    walkArchive(unrar, {
      archive,
      reader,
      listOnly: false,
      entry: (header) => {
        leaveIfCancelled();
        const entry = approved(archive, readHeader(archive, header), entries[index]);
        onEntry?.(index);
        index += 1;
        if (entry.type === "directory") {
          writer.makeDirectory(entry);
          return { unpack: false };
        }
        writer.begin(entry);
        return { unpack: true, done: () => onFile(writer.end()) };
      },
    });
  } finally {
    writer.closeAll();
  }
  if (index !== entries.length) throw changed(archive);
}

/** The entry that was approved at this place. Somebody who swaps the archive in between gains nothing. */
function approved(archive: string, found: RawEntry, entry: ApprovedEntry | undefined): ApprovedEntry {
  const same = entry?.name === found.name && entry.type === found.type && entry.size === found.size;
  if (entry === undefined || !same) throw changed(archive);
  return entry;
}

function changed(archive: string): UnpackFailure {
  return new UnpackFailure("archive-damaged", `${archive} was changed while it was unpacked`);
}

function readingCalls(reader: VolumeReader): FileCalls {
  return {
    open: (name) => reader.open(name),
    close: (handle) => reader.close(handle),
    read: (handle, at, length) => {
      leaveIfCancelled();
      return reader.read(handle, unrar.HEAPU8.subarray(at, at + length));
    },
    tell: (handle) => reader.tell(handle),
    seek: (handle, offset, from) => reader.seek(handle, offset, from),
    create: (name) => {
      throw new Error(`the library creates ${quoteName(name)} while it lists`);
    },
    write: () => {
      throw new Error("the library writes while it lists");
    },
  };
}

function leaveIfCancelled(): void {
  if (Atomics.load(control, CANCELLED_SLOT) === 1) throw new UnpackCancelled();
}

function failureOf(error: unknown, archive: string): { code: PeerError["code"]; message: string } {
  if (error instanceof UnpackFailure || error instanceof PeerError) return error;
  const detail = error instanceof Error ? error.message : String(error);
  // What a hostile archive can make of the library: it leaves its memory, or stops.
  if (error instanceof Error && error.name === "RuntimeError") {
    return { code: "archive-damaged", message: `${archive}: the unpacker failed on it: ${detail}` };
  }
  return { code: "internal", message: `${archive}: ${detail}` };
}
