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
