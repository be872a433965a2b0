import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeFrame, FRAME_HEADER_BYTES, FrameDecoder, RESET, WireError } from "../src/index.ts";
import { chunked, pushAll } from "./support/chunks.ts";

const LIMIT = 1024;
const bytes = (length: number, seed = 7) => Uint8Array.from({ length }, (_, index) => (index * seed) & 0xff);
const header = (length: number) => {
  const head = new Uint8Array(FRAME_HEADER_BYTES);
  new DataView(head.buffer).setUint32(0, length);
  return head;
};
const refusal = (action: () => void): WireError => {
  try {
    action();
  } catch (error) {
    if (error instanceof WireError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
};

it("yields the body and leaves the rest, however the bytes are cut", () => {
  const frame = fc.record({
    body: fc.uint8Array({ minLength: 1, maxLength: LIMIT }),
    rest: fc.uint8Array({ maxLength: 300 }),
  });
  fc.assert(
    fc.property(frame, fc.infiniteStream(fc.nat(64)), ({ body, rest }, sizes) => {
      const decoder = new FrameDecoder(LIMIT);
      const got = pushAll(decoder, chunked(Buffer.concat([header(body.length), body, rest]), sizes));
      expect(got).toEqual([body]);
      expect(decoder.takeRest()).toEqual(rest);
      expect(decoder.takeRest()).toHaveLength(0);
    }),
  );
});

it.each([
  ["Uint8Array", new Uint8Array(16)],
  // Its slice() shares the memory.
  ["Buffer", Buffer.alloc(16)],
])("copies what it is given: a caller may fill the same %s again", (_, buffer) => {
  const decoder = new FrameDecoder(LIMIT);
  const frame = Buffer.concat([header(20), bytes(20), bytes(8, 3)]);
  for (let offset = 0; offset < frame.length; offset += buffer.length) {
    const part = frame.subarray(offset, offset + buffer.length);
    buffer.set(part);
    decoder.push(buffer.subarray(0, part.length));
    buffer.fill(0xff);
  }
  expect(decoder.next()).toEqual(bytes(20));
  expect(decoder.takeRest()).toEqual(bytes(8, 3));
});

it("says null until the frame is complete, and yields it once", () => {
  const decoder = new FrameDecoder(LIMIT);
  expect(decoder.empty).toBe(true);
  expect(decoder.announcedBytes).toBeNull();
  decoder.push(header(3).subarray(0, 2));
  expect(decoder.empty).toBe(false);
  expect(decoder.announcedBytes).toBeNull();
  decoder.push(header(3).subarray(2));
  expect(decoder.announcedBytes).toBe(3);
  decoder.push(bytes(2));
  expect(decoder.next()).toBeNull();
  expect(() => decoder.takeRest()).toThrow("not complete");
  decoder.push(bytes(3).subarray(2));
  expect(decoder.next()).toEqual(bytes(3));
  expect(decoder.next()).toBeNull();
  decoder.push(bytes(2));
  expect(decoder.takeRest()).toEqual(bytes(2));
});

describe("limits", () => {
  it("takes a body of exactly the limit and refuses one byte more as soon as the length is known", () => {
    const decoder = new FrameDecoder(LIMIT);
    decoder.push(header(LIMIT));
    decoder.push(bytes(LIMIT));
    expect(decoder.next()).toHaveLength(LIMIT);

    const refused = refusal(() => new FrameDecoder(LIMIT).push(header(LIMIT + 1)));
    expect(refused.reset).toBe(RESET.tooLarge);
    expect(refused.message).toContain(`${LIMIT + 1}`);
  });

  it("reads the length as unsigned: the largest is too large, not negative", () => {
    const refused = refusal(() => new FrameDecoder(LIMIT).push(Uint8Array.of(0xff, 0xff, 0xff, 0xff)));
    expect(refused.reset).toBe(RESET.tooLarge);
    expect(refused.message).toContain("4294967295");
  });

  it("refuses an empty frame", () => {
    expect(refusal(() => new FrameDecoder(LIMIT).push(header(0))).code).toBe("bad_request");
  });

  it("takes memory for the bytes that came, not for the length that was announced", () => {
    const announced = 64 * 1024 * 1024;
    const before = process.memoryUsage().arrayBuffers;
    const decoders = Array.from({ length: 64 }, () => {
      const decoder = new FrameDecoder(announced);
      decoder.push(header(announced));
      decoder.push(bytes(100));
      return decoder;
    });
    const grown = process.memoryUsage().arrayBuffers - before;
    expect(grown).toBeLessThan(announced);
    expect(decoders.every((decoder) => decoder.next() === null)).toBe(true);
  });

  it("copies each byte a bounded number of times, also when bytes come one by one", () => {
    const length = 300_000;
    const decoder = new FrameDecoder(length);
    decoder.push(header(length));
    const original = Uint8Array.prototype.set;
    let copied = 0;
    Uint8Array.prototype.set = function set(this: Uint8Array, source: ArrayLike<number>, offset?: number) {
      copied += source.length;
      original.call(this, source, offset);
    };
    try {
      const one = new Uint8Array(1);
      for (let index = 0; index < length; index++) decoder.push(one);
    } finally {
      Uint8Array.prototype.set = original;
    }
    expect(decoder.next()).toHaveLength(length);
    expect(copied).toBeLessThan(4 * length);
  });

  it("does not send what the other side would refuse", () => {
    expect(() => encodeFrame({ type: "ok" }, 13)).not.toThrow();
    expect(refusal(() => encodeFrame({ type: "ok" }, 12)).reset).toBe(RESET.tooLarge);
  });
});

it("survives garbage: every stream of bytes is a frame, an unfinished frame or a WireError", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 20 }), (chunks) => {
      const decoder = new FrameDecoder(LIMIT);
      const all = Buffer.concat(chunks);
      try {
        const got = pushAll(decoder, chunks);
        if (all.length < FRAME_HEADER_BYTES) expect(got).toEqual([]);
        else {
          const length = all.readUInt32BE(0);
          expect(length).toBeGreaterThan(0);
          expect(length).toBeLessThanOrEqual(LIMIT);
          expect(got.length).toBe(all.length >= FRAME_HEADER_BYTES + length ? 1 : 0);
        }
      } catch (error) {
        expect(error).toBeInstanceOf(WireError);
        const length = all.readUInt32BE(0);
        expect(length === 0 || length > LIMIT).toBe(true);
      }
    }),
  );
});
