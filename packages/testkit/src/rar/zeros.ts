import { crc32 } from "node:zlib";
import { CHUNK_BYTES } from "../constants.ts";

const ZEROS = new Uint8Array(CHUNK_BYTES);

/** `count` zero bytes in chunks that {@link isHole} knows again. */
export function* zeroChunks(count: number): Generator<Uint8Array> {
  for (let left = count; left > 0; left -= ZEROS.length)
    yield ZEROS.subarray(0, Math.min(ZEROS.length, left));
}

/** Whether these are zeros from {@link zeroChunks}, or a part of them: they need not be written into a new file. */
export function isHole(bytes: Uint8Array): boolean {
  return bytes.buffer === ZEROS.buffer;
}

/** What a chunk of zeros makes of a checksum: of 0, and of each of its bits, which is linear. */
interface ZerosTable {
  readonly ofNothing: number;
  readonly ofBits: readonly number[];
}

let table: ZerosTable | undefined;

function zerosTable(): ZerosTable {
  const ofNothing = crc32(ZEROS, 0);
  return { ofNothing, ofBits: Array.from({ length: 32 }, (_, bit) => crc32(ZEROS, 2 ** bit) ^ ofNothing) };
}

/** CRC-32 of bytes that follow others, as node:zlib computes it; whole chunks of zeros take no time. */
export function checksum(bytes: Uint8Array, before: number): number {
  if (!isHole(bytes) || bytes.length !== ZEROS.length) return crc32(bytes, before);
  table ??= zerosTable();
  const { ofNothing, ofBits } = table;
  return ofBits.reduce((crc, bit, at) => (((before >>> at) & 1) === 1 ? crc ^ bit : crc), ofNothing) >>> 0;
}
