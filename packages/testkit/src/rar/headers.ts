import { crc32 } from "node:zlib";

/**
 * Blocks of the RAR 5.0 format, from its published description ("RAR 5.0 archive format", RARLAB).
 *
 * A block is: CRC-32 of what follows (4 bytes), size of what follows (vint), type, flags, then fields by type.
 */

/** "Rar!" 0x1A 0x07 0x01 0x00: the signature of RAR 5.0. */
export const SIGNATURE = Uint8Array.of(0x52, 0x61, 0x72, 0x21, 0x1a, 0x07, 0x01, 0x00);

const BLOCK = { main: 1, file: 2, crypt: 4, end: 5 } as const;
/** Flags of every block. */
const HAS_EXTRA = 0x01;
const HAS_DATA = 0x02;
const CONTINUES_FROM_PREVIOUS = 0x08;
const CONTINUES_IN_NEXT = 0x10;
/** Flags of the main block. */
const IS_VOLUME = 0x01;
const HAS_VOLUME_NUMBER = 0x02;
/** Flags of a file block. */
const IS_DIRECTORY = 0x01;
const HAS_MTIME = 0x02;
const HAS_CRC = 0x04;
/** Flags of the end block. */
const MORE_VOLUMES = 0x01;
/** Method 0 (stored), version 0, no dictionary. */
const STORED = 0;
const HOST_UNIX = 1;
/** Extra records of a file block. */
const EXTRA = { encryption: 1, time: 3, link: 5 } as const;
/** Flags of the time record: Unix time in nanoseconds, mtime present. */
const UNIX_TIME = 0x01;
const TIME_MTIME = 0x02;
const TIME_NANOSECONDS = 0x10;
const LINK_TYPE = { symlink: 1, junction: 3, hardlink: 4 } as const;

/** Variable length integer: seven bits per byte, lowest first, high bit set where another byte follows. */
export function vint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = BigInt(value);
  do {
    const low = Number(rest & 0x7fn);
    rest >>= 7n;
    bytes.push(rest > 0n ? low | 0x80 : low);
  } while (rest > 0n);
  return Uint8Array.from(bytes);
}

function uint32(value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value >>> 0);
  return bytes;
}

function block(fields: readonly Uint8Array[], damaged = false): Uint8Array {
  const body = Buffer.concat(fields);
  const checked = Buffer.concat([vint(body.length), body]);
  return Buffer.concat([uint32(damaged ? crc32(checked) ^ 0xffffffff : crc32(checked)), checked]);
}

/** The block after the signature. `volume` is the number of the volume in its set, from 0. */
export function mainBlock(volume?: number): Uint8Array {
  const isFirst = volume === undefined || volume === 0;
  const flags = (volume === undefined ? 0 : IS_VOLUME) | (isFirst ? 0 : HAS_VOLUME_NUMBER);
  return block([vint(BLOCK.main), vint(0), vint(flags), isFirst ? new Uint8Array() : vint(volume)]);
}

/** The last block of an archive or volume. */
export function endBlock(moreVolumes = false): Uint8Array {
  return block([vint(BLOCK.end), vint(0), vint(moreVolumes ? MORE_VOLUMES : 0)]);
}

/** What a file block says about an entry. Sizes in bytes. */
export interface FileBlock {
  readonly name: string;
  readonly directory?: boolean;
  /** Bytes of this block's data area. */
  readonly packedSize: number;
  readonly size: number;
  readonly crc?: number;
  readonly mtime?: Date;
  readonly mode: number;
  readonly link?: { readonly type: keyof typeof LINK_TYPE; readonly target: string };
  readonly encryption?: Uint8Array;
  readonly continuesFromPrevious?: boolean;
  readonly continuesInNext?: boolean;
  /** Spoils the block's own checksum. */
  readonly damaged?: boolean;
}

/** The block in front of an entry's data. Its length does not depend on the checksum. */
export function fileBlock(file: FileBlock): Uint8Array {
  const extra = Buffer.concat([
    timeRecord(file.mtime),
    linkRecord(file.link),
    encryptionRecord(file.encryption),
  ]);
  const name = Buffer.from(file.name, "utf8");
  const blockFlags =
    (extra.length > 0 ? HAS_EXTRA : 0) |
    HAS_DATA |
    (file.continuesFromPrevious === true ? CONTINUES_FROM_PREVIOUS : 0) |
    (file.continuesInNext === true ? CONTINUES_IN_NEXT : 0);
  const fileFlags =
    (file.directory === true ? IS_DIRECTORY : 0) |
    (file.mtime === undefined ? 0 : HAS_MTIME) |
    (file.crc === undefined ? 0 : HAS_CRC);
  return block(
    [
      vint(BLOCK.file),
      vint(blockFlags),
      extra.length > 0 ? vint(extra.length) : extra,
      vint(file.packedSize),
      vint(fileFlags),
      vint(file.size),
      vint(file.mode),
      file.mtime === undefined ? new Uint8Array() : uint32(Math.floor(file.mtime.getTime() / 1000)),
      file.crc === undefined ? new Uint8Array() : uint32(file.crc),
      vint(STORED),
      vint(HOST_UNIX),
      vint(name.length),
      name,
      extra,
    ],
    file.damaged,
  );
}

/** A record of the extra area: size of type and fields, type, fields. */
function record(type: number, fields: readonly Uint8Array[]): Uint8Array {
  const body = Buffer.concat([vint(type), ...fields]);
  return Buffer.concat([vint(body.length), body]);
}

function timeRecord(mtime: Date | undefined): Uint8Array {
  if (mtime === undefined) return new Uint8Array();
  const milliseconds = mtime.getTime();
  const seconds = Math.floor(milliseconds / 1000);
  return record(EXTRA.time, [
    vint(UNIX_TIME | TIME_MTIME | TIME_NANOSECONDS),
    uint32(seconds),
    uint32((milliseconds - seconds * 1000) * 1_000_000),
  ]);
}

function linkRecord(link: FileBlock["link"]): Uint8Array {
  if (link === undefined) return new Uint8Array();
  const target = Buffer.from(link.target, "utf8");
  return record(EXTRA.link, [vint(LINK_TYPE[link.type]), vint(0), vint(target.length), target]);
}

function encryptionRecord(parameters: Uint8Array | undefined): Uint8Array {
  return parameters === undefined ? new Uint8Array() : record(EXTRA.encryption, [parameters]);
}
