import { expect, it } from "vitest";
import { SMALLEST_BUFFER_BYTES, SPARE_BUFFERS, TRANSFER_BUFFER_BYTES } from "../../src/transfer/constants.ts";
import { createBufferPool } from "../../src/transfer/index.ts";

it.each([SMALLEST_BUFFER_BYTES, TRANSFER_BUFFER_BYTES])(
  "buffers of %d bytes are used again, and only so many are kept for that",
  (size) => {
    const pool = createBufferPool();
    const first = Array.from({ length: SPARE_BUFFERS + 3 }, () => pool.take(size - 1));
    expect(new Set(first).size).toBe(first.length);
    expect(first.every(({ length }) => length === size)).toBe(true);
    for (const buffer of first) pool.give(buffer);
    const again = first.map(() => pool.take(size));
    expect(new Set(again).size).toBe(again.length);
    expect(again.filter((buffer) => first.includes(buffer)).length).toBe(SPARE_BUFFERS);
  },
);

it("no buffer is larger than the largest one", () => {
  expect(() => createBufferPool().take(TRANSFER_BUFFER_BYTES + 1)).toThrow(RangeError);
});
