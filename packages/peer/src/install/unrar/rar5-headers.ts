import { closeSync, fstatSync, openSync } from "node:fs";
import { storableTime } from "../file-time.ts";
import { quoteName, UnpackFailure } from "./failure.ts";
import { HeaderFields } from "./header-fields.ts";
import { createHeaderWindow } from "./header-window.ts";

/**
 * What the library does not tell of the entries of RAR 5 archives. Its times are as MS-DOS kept them: in local time, to
 * two seconds, and something arbitrary for entries without one. Its checksums may be of another kind, or of a part in one
 * volume, and nothing tells a file from a reference to another one. This reads what is there by the published description
 * of the format ("RAR 5.0 archive format", RARLAB). The library has checked the headers before.
 */
export interface Rar5Header {
  readonly name: string;
  /** Milliseconds since 1970, a time that files can have; null where the archive does not say. */
  readonly mtime: number | null;
  /** CRC-32 of the whole content, unsigned; null where the archive has another checksum, or none. */
  readonly crc32: number | null;
  /** A link, or a copy of another entry's content: the bytes are not here. */
  readonly isReference: boolean;
}

const SIGNATURE = Buffer.of(0x52, 0x61, 0x72, 0x21, 0x1a, 0x07, 0x01, 0x00);
/** Headers that are longer are none: the format limits them to 2 MiB. */
const MAX_HEADER_BYTES = 2 * 1024 * 1024;
/** Checksum, and the longest size field. */
const BLOCK_START_BYTES = 4 + 3;
const BLOCK = { file: 2, encryption: 4, end: 5 } as const;
const HAS_EXTRA = 0x01;
const HAS_DATA = 0x02;
const CONTINUES_FROM_PREVIOUS = 0x08;
const CONTINUES_IN_NEXT = 0x10;
const HAS_UNIX_MTIME = 0x02;
const HAS_CRC = 0x04;
const TIME_RECORD = 3;
const REDIRECTION_RECORD = 5;
const TIME_IS_UNIX = 0x01;
const TIME_HAS_MTIME = 0x02;
const TIME_HAS_NANOSECONDS = 0x10;
/** Times that follow the mtime when they are there: creation and access. */
const TIMES_BEHIND_MTIME = [0x04, 0x08];
/** Windows counts 100 ns steps since 1601. */
const WINDOWS_EPOCH_MS = 11_644_473_600_000n;
const WINDOWS_STEPS_PER_MS = 10_000n;

/**
 * @returns undefined for what is no RAR 5 archive, or one that this does not understand.
 * @throws UnpackFailure `archive-truncated` for a volume that ends in the middle of its content: the library, which passes
 *   over content, goes on in the next volume.
 */
export function readRar5Headers(volumes: readonly string[]): readonly Rar5Header[] | undefined {
  const headers: Rar5Header[] = [];
  try {
    for (const volume of volumes) if (!readVolume(volume, headers)) return undefined;
  } catch (error) {
    // A number that leads out of its header.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
  return headers;
}

function readVolume(path: string, headers: Rar5Header[]): boolean {
  const descriptor = openSync(path, "r");
  try {
    const { size } = fstatSync(descriptor);
    const { readAt } = createHeaderWindow(descriptor);
    if (!readAt(0, SIGNATURE.length).equals(SIGNATURE)) return false;
    for (let position = SIGNATURE.length; position < size; ) {
      const start = new HeaderFields(readAt(position, BLOCK_START_BYTES));
      start.skip(4);
      const headerSize = start.number();
      if (headerSize > MAX_HEADER_BYTES) return false;
      const block = readBlock(readAt(position + start.position, headerSize));
      if (block === undefined) return false;
      if (block.type === BLOCK.end) return true;
      if (block.part !== undefined) addPart(headers, block.part);
      position += start.position + headerSize + block.dataSize;
      if (position > size) throw cutOff(path, block.part?.name);
    }
    return true;
  } finally {
    closeSync(descriptor);
  }
}

/** An entry, or what of it is in one volume. */
interface EntryPart extends Rar5Header {
  readonly isFirst: boolean;
}

/** The checksum of the whole is that of the last part; those before it have their packed bytes' own. */
function addPart(headers: Rar5Header[], { isFirst, ...part }: EntryPart): void {
  const before = isFirst ? undefined : headers.pop();
  headers.push(before === undefined ? part : { ...before, crc32: part.crc32 });
}

function cutOff(volume: string, name: string | undefined): UnpackFailure {
  const where = name === undefined ? "" : `, in ${quoteName(name)}`;
  return new UnpackFailure("archive-truncated", `${volume} ends too early${where}`);
}

interface Block {
  readonly type: number;
  readonly dataSize: number;
  readonly part?: EntryPart;
}

function readBlock(header: Buffer): Block | undefined {
  const fields = new HeaderFields(header);
  const type = fields.number();
  // An encrypted archive has another structure behind this block. Those of unknown types are passed over, as the library does.
  if (type === BLOCK.encryption) return undefined;
  const flags = fields.number();
  const extraSize = (flags & HAS_EXTRA) === 0 ? 0 : fields.number();
  const dataSize = (flags & HAS_DATA) === 0 ? 0 : fields.number();
  if (type !== BLOCK.file) return { type, dataSize };
  const fileFlags = fields.number();
  fields.number(); // size
  fields.number(); // attributes
  const inHeader = (fileFlags & HAS_UNIX_MTIME) === 0 ? null : fields.uint32() * 1000;
  const stated = (fileFlags & HAS_CRC) === 0 ? null : fields.uint32();
  fields.number(); // method
  fields.number(); // system
  const name = fields.text(fields.number());
  const extra = readExtra(header.subarray(header.length - extraSize));
  const part: EntryPart = {
    name,
    mtime: extra.mtime ?? inHeader,
    crc32: (flags & CONTINUES_IN_NEXT) === 0 ? stated : null,
    isReference: extra.isReference,
    isFirst: (flags & CONTINUES_FROM_PREVIOUS) === 0,
  };
  return { type, dataSize, part };
}

function readExtra(extra: Buffer): Pick<Rar5Header, "mtime" | "isReference"> {
  const fields = new HeaderFields(extra);
  let mtime: number | null = null;
  let isReference = false;
  try {
    while (fields.hasMore) {
      const record = new HeaderFields(fields.bytes(fields.number()));
      const type = record.number();
      if (type === REDIRECTION_RECORD) isReference = true;
      if (type === TIME_RECORD) mtime = readTimeRecord(record);
    }
  } catch (error) {
    // The library passes over the rest of these records, too: they end where one leads out of them.
    if (!(error instanceof RangeError)) throw error;
  }
  return { mtime, isReference };
}

function readTimeRecord(record: HeaderFields): number | null {
  const flags = record.number();
  if ((flags & TIME_HAS_MTIME) === 0) return null;
  if ((flags & TIME_IS_UNIX) === 0) {
    return storableTime(Number(record.uint64() / WINDOWS_STEPS_PER_MS - WINDOWS_EPOCH_MS));
  }
  const seconds = record.uint32();
  if ((flags & TIME_HAS_NANOSECONDS) === 0) return seconds * 1000;
  for (const flag of TIMES_BEHIND_MTIME) if ((flags & flag) !== 0) record.skip(4);
  return seconds * 1000 + Math.floor(record.uint32() / 1_000_000);
}
