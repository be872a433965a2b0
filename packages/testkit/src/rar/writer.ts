import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { type ArchiveFiles, openArchiveFiles, type VolumeLimit } from "./archive-files.ts";
import { AES_BLOCK_BYTES, type EntryEncryption, encryptEntry } from "./encryption.ts";
import {
  contentSize,
  isPacked,
  packedSize as packedSizeOf,
  type Rar5Content,
  type Rar5Directory,
  type Rar5Entry,
  type Rar5File,
  type Rar5Link,
  type Rar5Padding,
} from "./entry.ts";
import type { FileBlock, RarFormat } from "./format.ts";
import { RAR4 } from "./rar4-blocks.ts";
import { RAR5 } from "./rar5-blocks.ts";
import { checksum, zeroChunks } from "./zeros.ts";

const FILE_MODE = 0o100644;
const DIRECTORY_MODE = 0o040755;
const LINK_MODE = 0o120777;
/** A kind of service data that no program knows. */
const PADDING_NAME = "PAD";

export interface WriteRar5Options {
  /** Leaves out the block that ends an archive and this many bytes before it: what a cut-off copy looks like. */
  readonly truncateBytes?: number;
  /** Says that the archive is solid. Its entries are stored all the same, unless `compressSolidRar5` made them. */
  readonly solid?: boolean;
}

/** What was written. */
export interface WrittenRar5 {
  /** Size of the archive in bytes, all volumes together. */
  readonly size: number;
  /** CRC-32 of each file's content as it was given, by name. */
  readonly crcs: ReadonlyMap<string, number>;
}

/**
 * Writes a RAR 5.0 archive with stored or compressed entries to the path `target`, replacing what is there; with a
 * {@link VolumeLimit}, a set of volumes.
 *
 * Content is streamed, so entries and archive may be of any size; memory stays at a few MiB. Names, link targets and
 * modes are written as told, and damage is planted where told: archives for tests of unpackers.
 */
export function writeRar5(
  target: string | VolumeLimit,
  entries: Iterable<Rar5Entry | Rar5Padding>,
  options: WriteRar5Options = {},
): Promise<WrittenRar5> {
  return write(RAR5, target, entries, options);
}

/**
 * The same in the format of RAR 3 and 4. Times are in steps of two seconds. Encrypted entries are marked as such, but
 * cannot be opened with their password: their cipher is that of RAR 5.0.
 */
export function writeRar4(
  target: string | VolumeLimit,
  entries: Iterable<Rar5Entry | Rar5Padding>,
  options: WriteRar5Options = {},
): Promise<WrittenRar5> {
  return write(RAR4, target, entries, options);
}

/**
 * Writes an archive of version 4 or 5 whose headers are encrypted: the name of nothing can be read without a password. It
 * holds noise, as far as anybody can tell.
 */
export async function writeEncryptedRar(path: string, version: 4 | 5, bytes = 4096): Promise<void> {
  const head = (version === 4 ? RAR4 : RAR5).encryptedHead(randomBytes(16));
  await writeFile(path, Buffer.concat([head, randomBytes(bytes)]));
}

async function write(
  format: RarFormat,
  target: string | VolumeLimit,
  entries: Iterable<Rar5Entry | Rar5Padding>,
  { truncateBytes, solid = false }: WriteRar5Options,
): Promise<WrittenRar5> {
  const files = await openArchiveFiles(target, format, solid);
  const writing: Writing = { format, files };
  try {
    const crcs = new Map<string, number>();
    for (const entry of entries) {
      if (isFile(entry)) crcs.set(entry.name, await writeFileEntry(writing, entry, solid && crcs.size > 0));
      else if (entry.type === "padding") await writePadding(writing, entry);
      else await writePlainEntry(writing, entry);
    }
    await files.finish(truncateBytes);
    return { size: files.size, crcs };
  } catch (error) {
    await files.close();
    throw error;
  }
}

interface Writing {
  readonly format: RarFormat;
  readonly files: ArchiveFiles;
}

function isFile(entry: Rar5Entry | Rar5Padding): entry is Rar5File {
  return entry.type === undefined || entry.type === "file";
}

async function writePlainEntry(writing: Writing, entry: Rar5Directory | Rar5Link): Promise<void> {
  const { format, files } = writing;
  if (format === RAR4 && entry.type === "symlink") {
    // There the target is the content.
    await writeFileEntry(writing, { name: entry.name, content: entry.target, mode: LINK_MODE }, false);
    return;
  }
  const header = format.fileBlock(plainBlock(entry));
  if (files.room < header.length) await files.nextVolume();
  await files.append(header);
}

function plainBlock(entry: Rar5Directory | Rar5Link): FileBlock {
  if (entry.type === "directory") {
    const { type: _, ...described } = entry;
    return { ...described, directory: true, packedSize: 0, size: 0, mode: DIRECTORY_MODE };
  }
  const { name, type, target, mode = LINK_MODE } = entry;
  return { name, packedSize: 0, size: 0, mode, link: { type, target } };
}

async function writePadding(
  { format, files }: Writing,
  { bytes, unknownType = false }: Rar5Padding,
): Promise<void> {
  const sizes = { packedSize: bytes, size: bytes };
  await files.append(format.fileBlock({ name: PADDING_NAME, service: true, unknownType, mode: 0, ...sizes }));
  for (const chunk of zeroChunks(bytes)) await files.append(chunk);
}

/** Writes a file in as many parts as there are volumes for it, and returns the checksum of its content. */
async function writeFileEntry({ format, files }: Writing, entry: Rar5File, solid: boolean): Promise<number> {
  const packed = isPacked(entry.content) ? entry.content : undefined;
  if (packed !== undefined && format === RAR4) throw new Error(`${entry.name}: compressed as of RAR 5.0`);
  const storedSize = packedSizeOf(entry.content);
  const encryption = entry.password === undefined ? undefined : encryptEntry(entry.password);
  const header = {
    name: entry.name,
    size: entry.falseSize ?? contentSize(entry.content),
    compressed: packed !== undefined,
    mode: entry.mode ?? FILE_MODE,
    damaged: entry.damage === "header",
    solid,
    ...(entry.falseCompression === undefined ? {} : { falseCompression: entry.falseCompression }),
    ...(entry.attributes === undefined ? {} : { attributes: entry.attributes }),
    ...(entry.mtime === undefined ? {} : { mtime: entry.mtime }),
    ...(encryption === undefined ? {} : { encryption: encryption.parameters }),
  };
  const whole = { crc: packed?.crc ?? 0 };
  const data = createPuller(packedChunks(entry, storedSize, encryption, whole));
  let left = encryption === undefined ? storedSize : roundUp(storedSize, AES_BLOCK_BYTES);
  for (let part = 0; part === 0 || left > 0; part++) {
    const overhead = format.fileBlock({ ...header, packedSize: Math.min(left, files.room), crc: 0 }).length;
    if (files.room <= overhead) {
      await files.nextVolume();
      if (files.room <= overhead) throw new Error(`${entry.name}: the volumes are too small for its header`);
    }
    const packedSize = Math.min(left, files.room - overhead);
    left -= packedSize;
    const block = { ...header, packedSize, continuesFromPrevious: part > 0, continuesInNext: left > 0 };
    // The checksum is known after the data: the header is written last, into the place that is left for it.
    const place = files.position;
    await files.append(format.fileBlock({ ...block, crc: 0 }));
    let partCrc = 0;
    for (let todo = packedSize; todo > 0; ) {
      const chunk = await data.take(todo);
      partCrc = checksum(chunk, partCrc);
      await files.append(chunk);
      todo -= chunk.length;
    }
    // A part that goes on in the next volume states the checksum of its own bytes, the last one that of the file.
    const crc = left > 0 ? partCrc : whole.crc;
    await files.overwrite(format.fileBlock({ ...block, crc: entry.damage === "crc" ? crc ^ 1 : crc }), place);
    if (left > 0) await files.nextVolume();
  }
  return whole.crc;
}

/** The bytes as they lie in the archive. When it ends, `whole.crc` is the checksum of the content. */
async function* packedChunks(
  entry: Rar5File,
  size: number,
  encryption: EntryEncryption | undefined,
  whole: { crc: number },
): AsyncGenerator<Uint8Array> {
  let done = 0;
  for await (const chunk of chunksOf(entry.content)) {
    if (!isPacked(entry.content)) whole.crc = checksum(chunk, whole.crc);
    done += chunk.length;
    const isLast = done === size;
    const stored = isLast && entry.damage === "data" ? spoilLastByte(chunk) : chunk;
    if (encryption === undefined) {
      yield stored;
    } else {
      const padding = isLast ? roundUp(size, AES_BLOCK_BYTES) - size : 0;
      yield encryption.cipher.update(Buffer.concat([stored, new Uint8Array(padding)]));
    }
  }
  if (done !== size) throw new Error(`${entry.name}: ${done} bytes came, ${size} were promised`);
}

function chunksOf(content: Rar5Content): Iterable<Uint8Array> | AsyncIterable<Uint8Array> {
  if (typeof content === "string") return [Buffer.from(content)];
  if (content instanceof Uint8Array) return [content];
  if (isPacked(content)) return [content.packed];
  return "zeros" in content ? zeroChunks(content.zeros) : content.chunks();
}

/** Chunks cut to the size that is asked for. */
function createPuller(chunks: AsyncIterator<Uint8Array>): { take(atMost: number): Promise<Uint8Array> } {
  let rest = new Uint8Array() as Uint8Array;
  return {
    async take(atMost) {
      while (rest.length === 0) {
        const next = await chunks.next();
        if (next.done === true) throw new Error("the content ended early");
        rest = next.value;
      }
      const chunk = rest.subarray(0, atMost);
      rest = rest.subarray(chunk.length);
      return chunk;
    },
  };
}

function spoilLastByte(chunk: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(chunk);
  copy[copy.length - 1] = (copy[copy.length - 1] ?? 0) ^ 0xff;
  return copy;
}

function roundUp(value: number, unit: number): number {
  return Math.ceil(value / unit) * unit;
}
