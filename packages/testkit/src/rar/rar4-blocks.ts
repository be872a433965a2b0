import { crc32 } from "node:zlib";
import type { FileBlock, MainBlock, RarFormat } from "./format.ts";

/**
 * Blocks of the format of RAR 3 and 4, as "technote.txt" of these versions and the headers of UnRAR describe it.
 *
 * A block is: low half of the CRC-32 of what follows (2 bytes), type, flags, size of the whole block, then fields by type.
 */

/** "Rar!" 0x1A 0x07 0x00. */
const SIGNATURE = Uint8Array.of(0x52, 0x61, 0x72, 0x21, 0x1a, 0x07, 0x00);

const BLOCK = { main: 0x73, file: 0x74, service: 0x7a, end: 0x7b } as const;
/** Flags of every block: programs that do not know it pass over it; data follows whose size is the first field. */
const SKIP_IF_UNKNOWN = 0x4000;
const HAS_DATA = 0x8000;
const MAIN = { volume: 0x01, solid: 0x08, numbered: 0x10, encrypted: 0x80, firstVolume: 0x100 } as const;
const FILE = {
  continuesFromPrevious: 0x01,
  continuesInNext: 0x02,
  encrypted: 0x04,
  solid: 0x10,
  directory: 0xe0,
  large: 0x100,
  unicode: 0x200,
  salt: 0x400,
} as const;
const MORE_VOLUMES = 0x01;
const STORED = 0x30;
/** The version that is needed to unpack a stored entry, times ten. */
const UNPACKED_BY = 20;
const HOST = { windows: 2, unix: 3 } as const;
/** Sizes above this are written in two halves. It is below 4 GiB, since padding may lengthen the data. */
const LARGE_FROM = 0xffff_0000;
const SALT_BYTES = 8;
/** Codes of how a character of a name is written: here always by its two bytes. Four of them fill a byte. */
const CHARACTER_BY_TWO_BYTES = 0b10_10_10_10;
const CHARACTERS_PER_CODE = 4;

function uint16(value: number): Uint8Array {
  return Uint8Array.of(value & 0xff, (value >>> 8) & 0xff);
}

function uint32(value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value >>> 0);
  return bytes;
}

function high(value: number): number {
  return Math.floor(value / 2 ** 32);
}

function block(type: number, flags: number, fields: readonly Uint8Array[], damaged = false): Uint8Array {
  const body = Buffer.concat(fields);
  const size = 2 + 1 + 2 + 2 + body.length;
  const checked = Buffer.concat([Uint8Array.of(type), uint16(flags), uint16(size), body]);
  return Buffer.concat([uint16(damaged ? crc32(checked) ^ 0xffff : crc32(checked)), checked]);
}

function mainBlock({ volume, solid }: MainBlock, more = 0): Uint8Array {
  const ofSet =
    volume === undefined ? 0 : MAIN.volume | MAIN.numbered | (volume === 0 ? MAIN.firstVolume : 0);
  return block(BLOCK.main, ofSet | (solid === true ? MAIN.solid : 0) | more, [new Uint8Array(6)]);
}

function fileBlock(file: FileBlock): Uint8Array {
  if (file.link !== undefined && file.link.type !== "symlink") {
    throw new Error(`${file.name}: RAR 4 knows no ${file.link.type}`);
  }
  const name = nameField(file.name);
  const large = file.size > LARGE_FROM;
  const salt = file.encryption?.subarray(-SALT_BYTES);
  const flags =
    HAS_DATA |
    (file.service === true ? SKIP_IF_UNKNOWN : 0) |
    (file.continuesFromPrevious === true ? FILE.continuesFromPrevious : 0) |
    (file.continuesInNext === true ? FILE.continuesInNext : 0) |
    (file.solid === true ? FILE.solid : 0) |
    (file.directory === true ? FILE.directory : 0) |
    (large ? FILE.large : 0) |
    (name.unicode ? FILE.unicode : 0) |
    (salt === undefined ? 0 : FILE.encrypted | FILE.salt);
  return block(
    file.service === true ? BLOCK.service : BLOCK.file,
    flags,
    [
      uint32(file.packedSize),
      uint32(file.size),
      Uint8Array.of(file.attributes === undefined ? HOST.unix : HOST.windows),
      uint32(file.crc ?? 0),
      uint32(file.mtime === undefined ? 0 : dosTime(file.mtime)),
      Uint8Array.of(UNPACKED_BY, STORED),
      uint16(name.bytes.length),
      uint32(file.attributes ?? file.mode),
      large ? Buffer.concat([uint32(high(file.packedSize)), uint32(high(file.size))]) : new Uint8Array(),
      name.bytes,
      salt ?? new Uint8Array(),
    ],
    file.damaged,
  );
}

/** ASCII as it is. Other names twice: for old programs, then by the codes of UTF-16. */
function nameField(name: string): { readonly bytes: Uint8Array; readonly unicode: boolean } {
  const isAscii = /^\p{ASCII}*$/u.test(name);
  if (isAscii) return { bytes: Buffer.from(name, "latin1"), unicode: false };
  const characters: Uint8Array[] = [];
  for (let at = 0; at < name.length; at++) {
    if (at % CHARACTERS_PER_CODE === 0) characters.push(Uint8Array.of(CHARACTER_BY_TWO_BYTES));
    characters.push(uint16(name.charCodeAt(at)));
  }
  const plain = Buffer.from(name.replaceAll(/\P{ASCII}/gu, "_"), "latin1");
  const noHighByte = Uint8Array.of(0);
  return { bytes: Buffer.concat([plain, Uint8Array.of(0), noHighByte, ...characters]), unicode: true };
}

/** Date and time as MS-DOS packs them: local time in steps of two seconds. */
function dosTime(at: Date): number {
  const date = ((at.getFullYear() - 1980) << 9) | ((at.getMonth() + 1) << 5) | at.getDate();
  const time = (at.getHours() << 11) | (at.getMinutes() << 5) | (at.getSeconds() >> 1);
  return ((date << 16) | time) >>> 0;
}

export const RAR4: RarFormat = {
  signature: SIGNATURE,
  mainBlock,
  fileBlock,
  endBlock: (moreVolumes) => block(BLOCK.end, SKIP_IF_UNKNOWN | (moreVolumes ? MORE_VOLUMES : 0), []),
  encryptedHead: (salt) =>
    Buffer.concat([SIGNATURE, mainBlock({}, MAIN.encrypted), salt.subarray(0, SALT_BYTES)]),
};
