import { crc32 } from "node:zlib";
import type { FileBlock, MainBlock, RarFormat } from "./format.ts";

/**
 * Blocks of the RAR 5.0 format, from its published description ("RAR 5.0 archive format", RARLAB).
 *
 * A block is: CRC-32 of what follows (4 bytes), size of what follows (vint), type, flags, then fields by type.
 */

/** "Rar!" 0x1A 0x07 0x01 0x00: the signature of RAR 5.0. */
const SIGNATURE = Uint8Array.of(0x52, 0x61, 0x72, 0x21, 0x1a, 0x07, 0x01, 0x00);

const BLOCK = { main: 1, file: 2, service: 3, crypt: 4, end: 5, unknown: 9 } as const;
/** Flags of every block. */
const HAS_EXTRA = 0x01;
const HAS_DATA = 0x02;
const CONTINUES_FROM_PREVIOUS = 0x08;
const CONTINUES_IN_NEXT = 0x10;
/** Flags of the main block. */
const IS_VOLUME = 0x01;
const HAS_VOLUME_NUMBER = 0x02;
const IS_SOLID = 0x04;
/** Flags of a file block. */
const IS_DIRECTORY = 0x01;
const HAS_MTIME = 0x02;
const HAS_CRC = 0x04;
/** Flags of the end block. */
const MORE_VOLUMES = 0x01;
/** Method 0 (stored), version 0, no dictionary. */
const STORED = 0;
/** Method 3 (normal), version 0, a dictionary of 2^3 times 128 KiB: as far as matches lie back. */
const COMPRESSED = (3 << 7) | (3 << 10);
/** Beside the method: the entry is packed with what the ones before it have left in the dictionary. */
const SOLID = 0x40;
const HOST = { windows: 0, unix: 1 } as const;
/** Of an encrypted archive: AES-256, no check of the password, 2^15 rounds. */
const CRYPT_FIELDS = Uint8Array.of(0, 0, 15);
/** Extra records of a file block. */
const EXTRA = { encryption: 1, time: 3, link: 5 } as const;
/** Flags of the time record: Unix time in nanoseconds, mtime present. */
const UNIX_TIME = 0x01;
const TIME_MTIME = 0x02;
const TIME_NANOSECONDS = 0x10;
const UNIX_TIME_END_MS = 2 ** 32 * 1000;
/** Windows counts 100 ns steps since 1601. */
const WINDOWS_EPOCH_MS = 11_644_473_600_000n;
const WINDOWS_STEPS_PER_MS = 10_000n;
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

function mainBlock({ volume, solid }: MainBlock): Uint8Array {
  const isFirst = volume === undefined || volume === 0;
  const flags =
    (volume === undefined ? 0 : IS_VOLUME) |
    (isFirst ? 0 : HAS_VOLUME_NUMBER) |
    (solid === true ? IS_SOLID : 0);
  return block([vint(BLOCK.main), vint(0), vint(flags), isFirst ? new Uint8Array() : vint(volume)]);
}

function endBlock(moreVolumes: boolean): Uint8Array {
  return block([vint(BLOCK.end), vint(0), vint(moreVolumes ? MORE_VOLUMES : 0)]);
}

function fileBlock(file: FileBlock): Uint8Array {
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
    (isUnixTime(file.mtime) ? HAS_MTIME : 0) |
    (file.crc === undefined ? 0 : HAS_CRC);
  return block(
    [
      vint(blockType(file)),
      vint(blockFlags),
      extra.length > 0 ? vint(extra.length) : extra,
      vint(file.packedSize),
      vint(fileFlags),
      vint(file.size),
      vint(file.attributes ?? file.mode),
      isUnixTime(file.mtime) ? uint32(Math.floor(file.mtime.getTime() / 1000)) : new Uint8Array(),
      file.crc === undefined ? new Uint8Array() : uint32(file.crc),
      vint(compression(file)),
      vint(file.attributes === undefined ? HOST.unix : HOST.windows),
      vint(name.length),
      name,
      extra,
    ],
    file.damaged,
  );
}

function blockType({ service, unknownType }: FileBlock): number {
  if (unknownType === true) return BLOCK.unknown;
  return service === true ? BLOCK.service : BLOCK.file;
}

/** How an entry is packed: version of the algorithm, whether it is solid, method, size of the dictionary. */
function compression({ compressed, solid, falseCompression: claim }: FileBlock): number {
  const how = compressed === true ? COMPRESSED : STORED;
  const told = claim === undefined ? how : claim.version | (claim.method << 7) | (claim.dictionary << 10);
  return solid === true ? told | SOLID : told;
}

/** A record of the extra area: size of type and fields, type, fields. */
function record(type: number, fields: readonly Uint8Array[]): Uint8Array {
  const body = Buffer.concat([vint(type), ...fields]);
  return Buffer.concat([vint(body.length), body]);
}

function timeRecord(mtime: Date | undefined): Uint8Array {
  if (mtime === undefined) return new Uint8Array();
  const milliseconds = mtime.getTime();
  if (!isUnixTime(mtime)) {
    const steps = Buffer.alloc(8);
    steps.writeBigUInt64LE((BigInt(milliseconds) + WINDOWS_EPOCH_MS) * WINDOWS_STEPS_PER_MS);
    return record(EXTRA.time, [vint(TIME_MTIME), steps]);
  }
  const seconds = Math.floor(milliseconds / 1000);
  return record(EXTRA.time, [
    vint(UNIX_TIME | TIME_MTIME | TIME_NANOSECONDS),
    uint32(seconds),
    uint32((milliseconds - seconds * 1000) * 1_000_000),
  ]);
}

/** Whether the format has a Unix time for it; of others it has that of Windows. */
function isUnixTime(mtime: Date | undefined): mtime is Date {
  return mtime !== undefined && mtime.getTime() >= 0 && mtime.getTime() < UNIX_TIME_END_MS;
}

function linkRecord(link: FileBlock["link"]): Uint8Array {
  if (link === undefined) return new Uint8Array();
  const target = Buffer.from(link.target, "utf8");
  return record(EXTRA.link, [vint(LINK_TYPE[link.type]), vint(0), vint(target.length), target]);
}

function encryptionRecord(parameters: Uint8Array | undefined): Uint8Array {
  return parameters === undefined ? new Uint8Array() : record(EXTRA.encryption, [parameters]);
}

/** Says that everything behind it is encrypted. */
function cryptBlock(salt: Uint8Array): Uint8Array {
  return block([vint(BLOCK.crypt), vint(0), CRYPT_FIELDS, salt]);
}

export const RAR5: RarFormat = {
  signature: SIGNATURE,
  mainBlock,
  fileBlock,
  endBlock,
  encryptedHead: (salt) => Buffer.concat([SIGNATURE, cryptBlock(salt)]),
};
