import { SMALLEST_BUFFER_BYTES, SPARE_BUFFERS, TRANSFER_BUFFER_BYTES } from "./constants.ts";

/**
 * Buffers that are used again. Sizes are powers of two; whoever takes one gives it back when nothing reads or writes it
 * any more, or leaves it to the collector.
 */
export interface BufferPool {
  /** A buffer of at least `length` bytes, of which the caller uses what it needs. At most {@link TRANSFER_BUFFER_BYTES}. */
  take(length: number): Buffer;
  give(buffer: Buffer): void;
}

export function createBufferPool(): BufferPool {
  const spare = new Map<number, Buffer[]>();
  return {
    take: (length) => {
      const size = sizeFor(length);
      return spare.get(size)?.pop() ?? Buffer.allocUnsafeSlow(size);
    },
    give: (buffer) => {
      const list = spare.get(buffer.length);
      if (list === undefined) spare.set(buffer.length, [buffer]);
      else if (list.length < SPARE_BUFFERS) list.push(buffer);
    },
  };
}

function sizeFor(length: number): number {
  if (length > TRANSFER_BUFFER_BYTES) throw new RangeError(`no buffer has ${length} bytes`);
  let size = SMALLEST_BUFFER_BYTES;
  while (size < length) size *= 2;
  return size;
}
