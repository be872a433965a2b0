import { closeSync, fstatSync, openSync, readSync } from "node:fs";

/** A block begins with its checksum, type, flags and header size; behind them the size of its data, where it has some. */
const TYPE_AT = 2;
const FLAGS_AT = 3;
const HEADER_SIZE_AT = 5;
const DATA_SIZE_AT = 7;
/** The upper half of that size, in blocks of files and services that say they are large. */
const HIGH_DATA_SIZE_AT = 32;
const START_BYTES = 36;
const SMALLEST_HEADER_BYTES = 7;
/** The signature has the form of a block without data. */
const SIGNATURE_BYTES = 7;
const BLOCK = { file: 0x74, service: 0x7a, end: 0x7b } as const;
const HAS_DATA = 0x8000;
const IS_LARGE = 0x100;

/**
 * Finds the first volume of a RAR 3 or 4 archive that ends in the middle of its content, by the description of the format
 * that comes with RAR ("technote.txt"). The library, which passes over content when it lists, goes on in the next volume.
 * It has checked the headers before.
 */
export function findCutOffRar4(volumes: readonly string[]): string | undefined {
  return volumes.find(isCutOff);
}

function isCutOff(path: string): boolean {
  const descriptor = openSync(path, "r");
  try {
    const { size } = fstatSync(descriptor);
    const start = Buffer.alloc(START_BYTES);
    let position = SIGNATURE_BYTES;
    while (position < size) {
      start.fill(0);
      readSync(descriptor, start, 0, START_BYTES, position);
      const type = start.readUInt8(TYPE_AT);
      const flags = start.readUInt16LE(FLAGS_AT);
      const headerSize = start.readUInt16LE(HEADER_SIZE_AT);
      if (type === BLOCK.end || headerSize < SMALLEST_HEADER_BYTES) return false;
      const isLarge = (type === BLOCK.file || type === BLOCK.service) && (flags & IS_LARGE) !== 0;
      const low = (flags & HAS_DATA) === 0 ? 0 : start.readUInt32LE(DATA_SIZE_AT);
      const high = isLarge ? start.readUInt32LE(HIGH_DATA_SIZE_AT) : 0;
      position += headerSize + low + high * 2 ** 32;
    }
    return position > size;
  } finally {
    closeSync(descriptor);
  }
}
