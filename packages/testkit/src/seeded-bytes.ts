import { CHUNK_BYTES } from "./constants.ts";

const WORD_BYTES = 4;

/**
 * Reproducible content: the bytes at `offset` (default 0) of an endless file that is different for every seed. The
 * same range has the same bytes however it is cut, and no two parts of a file look alike.
 */
export function seededBytes(seed: number, length: number, offset = 0): Uint8Array {
  const lead = offset % WORD_BYTES;
  const words = new Uint32Array(Math.ceil((lead + length) / WORD_BYTES));
  const first = (offset - lead) / WORD_BYTES;
  const salt = mix(seed >>> 0);
  for (let index = 0; index < words.length; index++) {
    const position = first + index;
    words[index] = mix((position + salt) >>> 0) ^ mix(Math.floor(position / 2 ** 32) ^ salt);
  }
  return new Uint8Array(words.buffer, lead, length);
}

/** The first `length` bytes of the same content in pieces of at most 1 MiB, each in a buffer of its own. */
export function* seededChunks(seed: number, length: number): Generator<Uint8Array> {
  for (let offset = 0; offset < length; offset += CHUNK_BYTES) {
    yield seededBytes(seed, Math.min(CHUNK_BYTES, length - offset), offset);
  }
}

/** The finalizer of MurmurHash3: every bit of the input changes half the bits of the output. */
function mix(value: number): number {
  let h = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
