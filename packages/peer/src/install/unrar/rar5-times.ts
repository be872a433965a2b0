import { closeSync, fstatSync, openSync, readSync } from "node:fs";

/**
 * Times of entries, from the headers of RAR 5 archives. The library tells times as MS-DOS kept them: in local time, to
 * two seconds, and something arbitrary for entries without one. This reads what is there, to the millisecond, by the
 * published description of the format ("RAR 5.0 archive format", RARLAB). The library has checked the headers before.
 */
export interface EntryTime {
  readonly name: string;
  /** Milliseconds since 1970; null where the archive does not say. */
  readonly mtime: number | null;
}

const SIGNATURE = Buffer.of(0x52, 0x61, 0x72, 0x21, 0x1a, 0x07, 0x01, 0x00);
/** Headers that are longer are none: the format limits them to 2 MiB. */
const MAX_HEADER_BYTES = 2 * 1024 * 1024;
/** Checksum, and the longest size field. */
const BLOCK_START_BYTES = 4 + 3;
const BLOCK = { main: 1, file: 2, service: 3, end: 5 } as const;
const HAS_EXTRA = 0x01;
const HAS_DATA = 0x02;
const CONTINUES_FROM_PREVIOUS = 0x08;
const HAS_UNIX_MTIME = 0x02;
const HAS_CRC = 0x04;
const TIME_RECORD = 3;
const TIME_IS_UNIX = 0x01;
const TIME_HAS_MTIME = 0x02;
const TIME_HAS_NANOSECONDS = 0x10;
/** Times that follow the mtime when they are there: creation and access. */
const TIMES_BEHIND_MTIME = [0x04, 0x08];
/** Windows counts 100 ns steps since 1601. */
const WINDOWS_EPOCH_MS = 11_644_473_600_000n;
const WINDOWS_STEPS_PER_MS = 10_000n;

/** @returns undefined for what is no RAR 5 archive, or one that this does not understand. */
export function readEntryTimes(volumes: readonly string[]): EntryTime[] | undefined {
  const times: EntryTime[] = [];
  try {
    for (const volume of volumes) if (!readVolumeTimes(volume, times)) return undefined;
  } catch (error) {
    // A number that leads out of its header.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
  return times;
}

function readVolumeTimes(path: string, times: EntryTime[]): boolean {
  const descriptor = openSync(path, "r");
  try {
    const { size } = fstatSync(descriptor);
    const readAt = (position: number, length: number): Buffer => {
      const buffer = Buffer.allocUnsafe(Math.max(0, Math.min(length, size - position)));
      return buffer.subarray(0, readSync(descriptor, buffer, 0, buffer.length, position));
    };
    if (!readAt(0, SIGNATURE.length).equals(SIGNATURE)) return false;
    for (let position = SIGNATURE.length; position < size; ) {
      const start = createFields(readAt(position, BLOCK_START_BYTES));
      start.skip(4);
      const headerSize = start.number();
      if (headerSize > MAX_HEADER_BYTES) return false;
      const block = readBlock(readAt(position + start.position, headerSize));
      if (block === undefined) return false;
      if (block.type === BLOCK.end) return true;
      if (block.time !== undefined) times.push(block.time);
      position += start.position + headerSize + block.dataSize;
    }
    return true;
  } finally {
    closeSync(descriptor);
  }
}

interface Block {
  readonly type: number;
  readonly dataSize: number;
  /** Of the first part of an entry. */
  readonly time?: EntryTime;
}

function readBlock(header: Buffer): Block | undefined {
  const fields = createFields(header);
  const type = fields.number();
  // An encrypted archive has another structure behind this block.
  if (type < BLOCK.main || (type > BLOCK.service && type !== BLOCK.end)) return undefined;
  const flags = fields.number();
  const extraSize = (flags & HAS_EXTRA) === 0 ? 0 : fields.number();
  const dataSize = (flags & HAS_DATA) === 0 ? 0 : fields.number();
  if (type !== BLOCK.file || (flags & CONTINUES_FROM_PREVIOUS) !== 0) return { type, dataSize };
  const fileFlags = fields.number();
  fields.number(); // size
  fields.number(); // attributes
  const inHeader = (fileFlags & HAS_UNIX_MTIME) === 0 ? null : fields.uint32() * 1000;
  if ((fileFlags & HAS_CRC) !== 0) fields.skip(4);
  fields.number(); // method
  fields.number(); // system
  const name = fields.bytes(fields.number()).toString("utf8");
  const inExtra = readExtra(header.subarray(header.length - extraSize));
  return { type, dataSize, time: { name, mtime: inExtra ?? inHeader } };
}

function readExtra(extra: Buffer): number | null {
  const fields = createFields(extra);
  while (fields.position < extra.length) {
    const record = createFields(fields.bytes(fields.number()));
    if (record.number() === TIME_RECORD) return readTimeRecord(record);
  }
  return null;
}

function readTimeRecord(record: Fields): number | null {
  const flags = record.number();
  if ((flags & TIME_HAS_MTIME) === 0) return null;
  if ((flags & TIME_IS_UNIX) === 0) {
    return Number(record.uint64() / WINDOWS_STEPS_PER_MS - WINDOWS_EPOCH_MS);
  }
  const seconds = record.uint32();
  if ((flags & TIME_HAS_NANOSECONDS) === 0) return seconds * 1000;
  for (const flag of TIMES_BEHIND_MTIME) if ((flags & flag) !== 0) record.skip(4);
  return seconds * 1000 + Math.floor(record.uint32() / 1_000_000);
}

interface Fields {
  readonly position: number;
  skip(bytes: number): void;
  bytes(count: number): Buffer;
  /** A number of variable length: seven bits per byte, lowest first. */
  number(): number;
  uint32(): number;
  uint64(): bigint;
}

/** Reads fields one after the other. @throws RangeError where a field does not end inside. */
function createFields(buffer: Buffer): Fields {
  let position = 0;
  const take = (count: number): number => {
    const at = position;
    if (count > buffer.length - at) throw new RangeError("a field leads out of its header");
    position += count;
    return at;
  };
  return {
    get position() {
      return position;
    },
    skip: (count) => {
      take(count);
    },
    bytes: (count) => {
      const at = take(count);
      return buffer.subarray(at, at + count);
    },
    number: () => {
      let value = 0;
      for (let factor = 1; ; factor *= 128) {
        const byte = buffer.readUInt8(take(1));
        value += (byte & 0x7f) * factor;
        if (!Number.isSafeInteger(value)) throw new RangeError("a number is too large");
        if (byte < 0x80) return value;
      }
    },
    uint32: () => buffer.readUInt32LE(take(4)),
    uint64: () => buffer.readBigUInt64LE(take(8)),
  };
}
