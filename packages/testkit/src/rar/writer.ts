import { type FileHandle, open } from "node:fs/promises";
import { crc32 } from "node:zlib";
import { CHUNK_BYTES } from "../constants.ts";
import { AES_BLOCK_BYTES, encryptEntry } from "./encryption.ts";
import { contentSize, type Rar5Content, type Rar5Entry, type Rar5File } from "./entry.ts";
import { endBlock, type FileBlock, fileBlock, mainBlock, SIGNATURE } from "./headers.ts";

const ZEROS = new Uint8Array(CHUNK_BYTES);
const FILE_MODE = 0o100644;
const DIRECTORY_MODE = 0o040755;
const LINK_MODE = 0o120777;

export interface WriteRar5Options {
  /** Leaves out the block that ends an archive and this many bytes before it: what a cut-off copy looks like. */
  readonly truncateBytes?: number;
}

/** What {@link writeRar5} wrote. */
export interface WrittenRar5 {
  /** Size of the archive in bytes. */
  readonly size: number;
  /** Checksum of each file's content as it is in the archive, by name. */
  readonly crcs: ReadonlyMap<string, number>;
}

/**
 * Writes a RAR 5.0 archive with stored entries to the path `target`, replacing what is there.
 *
 * Content is streamed, so entries and archive may be of any size; memory stays at a few MiB. Names, link targets and
 * modes are written as told, and damage is planted where told: archives for tests of unpackers.
 */
export async function writeRar5(
  target: string,
  entries: Iterable<Rar5Entry>,
  options: WriteRar5Options = {},
): Promise<WrittenRar5> {
  const file = await open(target, "w");
  try {
    const crcs = new Map<string, number>();
    let end = await writeAll(file, SIGNATURE, 0);
    end = await writeAll(file, mainBlock(), end);
    for (const entry of entries) {
      if (isFile(entry)) {
        const written = await writeFileEntry(file, entry, end);
        crcs.set(entry.name, written.crc);
        end = written.end;
      } else {
        end = await writeAll(file, fileBlock(plainBlock(entry)), end);
      }
    }
    if (options.truncateBytes === undefined) end = await writeAll(file, endBlock(), end);
    else end -= options.truncateBytes;
    // Holes at the end exist only once the size says so.
    await file.truncate(end);
    return { size: end, crcs };
  } finally {
    await file.close();
  }
}

function isFile(entry: Rar5Entry): entry is Rar5File {
  return entry.type === undefined || entry.type === "file";
}

function plainBlock(entry: Exclude<Rar5Entry, Rar5File>): FileBlock {
  if (entry.type === "directory") {
    const { name, mtime } = entry;
    const times = mtime === undefined ? {} : { mtime };
    return { name, directory: true, packedSize: 0, size: 0, mode: DIRECTORY_MODE, ...times };
  }
  const { name, type, target } = entry;
  return { name, packedSize: 0, size: 0, mode: LINK_MODE, link: { type, target } };
}

async function writeFileEntry(
  file: FileHandle,
  entry: Rar5File,
  position: number,
): Promise<{ crc: number; end: number }> {
  const size = contentSize(entry.content);
  const encryption = entry.password === undefined ? undefined : encryptEntry(entry.password);
  const packedSize = encryption === undefined ? size : roundUp(size, AES_BLOCK_BYTES);
  const header: FileBlock = {
    name: entry.name,
    packedSize,
    size,
    mode: entry.mode ?? FILE_MODE,
    damaged: entry.damage === "header",
    ...(entry.mtime === undefined ? {} : { mtime: entry.mtime }),
    ...(encryption === undefined ? {} : { encryption: encryption.parameters }),
  };
  // The checksum is known after the data: the header is written last, into the place that is left for it.
  let end = position + fileBlock({ ...header, crc: 0 }).length;
  let crc = 0;
  let written = 0;
  for await (const chunk of chunksOf(entry.content)) {
    crc = crc32(chunk, crc);
    written += chunk.length;
    const last = written === size;
    const spoiled = last && entry.damage === "data" ? spoilLastByte(chunk) : chunk;
    if (encryption === undefined) {
      end = await writeAll(file, spoiled, end);
    } else {
      const padding = last ? new Uint8Array(packedSize - size) : new Uint8Array();
      end = await writeAll(file, encryption.cipher.update(Buffer.concat([spoiled, padding])), end);
    }
  }
  if (written !== size) throw new Error(`${entry.name}: ${written} bytes came, ${size} were promised`);
  const stated = entry.damage === "crc" ? crc ^ 1 : crc;
  await writeAll(file, fileBlock({ ...header, crc: stated }), position);
  return { crc, end };
}

function chunksOf(content: Rar5Content): Iterable<Uint8Array> | AsyncIterable<Uint8Array> {
  if (typeof content === "string") return [Buffer.from(content)];
  if (content instanceof Uint8Array) return [content];
  return "zeros" in content ? zeroChunks(content.zeros) : content.chunks();
}

function* zeroChunks(count: number): Generator<Uint8Array> {
  for (let left = count; left > 0; left -= ZEROS.length)
    yield ZEROS.subarray(0, Math.min(ZEROS.length, left));
}

/** Writes at `position` and returns the position after it. Zeros from {@link ZEROS} become a hole. */
async function writeAll(file: FileHandle, bytes: Uint8Array, position: number): Promise<number> {
  if (bytes.buffer !== ZEROS.buffer) {
    for (let done = 0; done < bytes.length; ) {
      const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done);
      done += bytesWritten;
    }
  }
  return position + bytes.length;
}

function spoilLastByte(chunk: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(chunk);
  copy[copy.length - 1] = (copy[copy.length - 1] ?? 0) ^ 0xff;
  return copy;
}

function roundUp(value: number, unit: number): number {
  return Math.ceil(value / unit) * unit;
}
