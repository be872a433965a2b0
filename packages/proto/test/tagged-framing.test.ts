import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  encodeControlFrame,
  encodeTaggedFrame,
  MAX_CONTROL_FRAME_BYTES,
  MAX_TAGGED_FRAME_BYTES,
  parseStreamControl,
  parseTaggedHeader,
  RESET,
  type StreamControl,
  TAG,
  type TaggedFrame,
  TaggedFrameDecoder,
  WireError,
} from "../src/index.ts";
import { controls } from "./support/arbitraries.ts";
import { chunked, pushAll } from "./support/chunks.ts";

const frame: fc.Arbitrary<TaggedFrame> = fc.record(
  { tag: fc.constantFrom(TAG.control, TAG.data), body: fc.uint8Array({ minLength: 1, maxLength: 400 }) },
  { noNullPrototype: true },
);
const head = (tag: number, length: number) => {
  const bytes = new Uint8Array(5);
  bytes[0] = tag;
  new DataView(bytes.buffer).setUint32(1, length);
  return bytes;
};

it("yields the frames in order, however the bytes are cut", () => {
  fc.assert(
    fc.property(fc.array(frame, { maxLength: 12 }), fc.infiniteStream(fc.nat(100)), (frames, sizes) => {
      const wire = Buffer.concat(frames.map(({ tag, body }) => encodeTaggedFrame(tag, body)));
      const decoder = new TaggedFrameDecoder();
      expect(pushAll(decoder, chunked(wire, sizes))).toEqual(frames);
      expect(decoder.atBoundary).toBe(true);
    }),
  );
});

it("reads the head of a frame by itself, wherever it lies", () => {
  fc.assert(
    fc.property(frame, fc.nat(9), ({ tag, body }, before) => {
      const bytes = Buffer.concat([Buffer.alloc(before), encodeTaggedFrame(tag, body)]);
      expect(parseTaggedHeader(bytes.subarray(before))).toEqual({ tag, length: body.length });
    }),
  );
});

it("keeps frames that nobody asked for yet", () => {
  const decoder = new TaggedFrameDecoder();
  decoder.push(encodeTaggedFrame(TAG.data, Uint8Array.of(1)));
  decoder.push(encodeTaggedFrame(TAG.data, Uint8Array.of(2)));
  expect(decoder.atBoundary).toBe(false);
  expect(decoder.next()?.body).toEqual(Uint8Array.of(1));
  decoder.push(encodeTaggedFrame(TAG.data, Uint8Array.of(3)));
  expect(decoder.next()?.body).toEqual(Uint8Array.of(2));
  expect(decoder.next()?.body).toEqual(Uint8Array.of(3));
  expect(decoder.next()).toBeNull();
});

it("knows a stream that ends in mid-frame", () => {
  const wire = encodeTaggedFrame(TAG.data, Uint8Array.of(1, 2, 3));
  for (let cut = 1; cut < wire.length; cut++) {
    const decoder = new TaggedFrameDecoder();
    expect(pushAll(decoder, [wire.subarray(0, cut)])).toEqual([]);
    expect(decoder.atBoundary).toBe(false);
  }
});

it("carries a whole streamed install", () => {
  const messages = fc.array(
    fc.oneof(
      ...Object.values(controls).map((arbitrary) => arbitrary as fc.Arbitrary<StreamControl>),
      fc.uint8Array({ minLength: 1, maxLength: 50 }),
    ),
  );
  fc.assert(
    fc.property(messages, fc.infiniteStream(fc.nat(50)), (sent, sizes) => {
      const wire = Buffer.concat(
        sent.map((item) =>
          item instanceof Uint8Array ? encodeTaggedFrame(TAG.data, item) : encodeControlFrame(item),
        ),
      );
      const received = pushAll(new TaggedFrameDecoder(), chunked(wire, sizes));
      expect(received.map(({ tag, body }) => (tag === TAG.data ? body : parseStreamControl(body)))).toEqual(
        sent,
      );
    }),
  );
});

describe("refuses before it buffers", () => {
  const cases = [
    { what: "an unknown tag, at its byte", bytes: Uint8Array.of(2), reset: RESET.malformed },
    { what: "an empty frame", bytes: head(TAG.data, 0), reset: RESET.malformed },
    {
      what: "raw bytes over the limit",
      bytes: head(TAG.data, MAX_TAGGED_FRAME_BYTES + 1),
      reset: RESET.tooLarge,
    },
    {
      what: "a control frame over its limit",
      bytes: head(TAG.control, MAX_CONTROL_FRAME_BYTES + 1),
      reset: RESET.tooLarge,
    },
    { what: "the largest length", bytes: head(TAG.data, 0xffff_ffff), reset: RESET.tooLarge },
  ];
  it.each(cases)("$what", ({ bytes, reset }) => {
    let refused: unknown;
    try {
      new TaggedFrameDecoder().push(bytes);
    } catch (error) {
      refused = error;
    }
    expect(refused).toBeInstanceOf(WireError);
    expect(refused).toMatchObject({ code: "bad_request", reset });
  });

  it.each(cases.filter(({ bytes }) => bytes.length > 1))("$what, in the head of a frame", ({ bytes }) => {
    expect(() => parseTaggedHeader(bytes)).toThrow(WireError);
  });

  it("but takes the largest raw frame", () => {
    const body = new Uint8Array(MAX_TAGGED_FRAME_BYTES).fill(9);
    expect(
      pushAll(new TaggedFrameDecoder(), chunked(encodeTaggedFrame(TAG.data, body), repeat(1300))),
    ).toEqual([{ tag: TAG.data, body }]);
  });

  it("and takes memory for the bytes that came, not for the length that was announced", () => {
    const decoders: TaggedFrameDecoder[] = [];
    const before = process.memoryUsage().arrayBuffers;
    for (let count = 0; count < 64; count++) {
      const decoder = new TaggedFrameDecoder();
      decoder.push(head(TAG.data, MAX_TAGGED_FRAME_BYTES));
      decoder.push(Uint8Array.of(1));
      decoders.push(decoder);
    }
    const grown = process.memoryUsage().arrayBuffers - before;
    expect(decoders.every(({ atBoundary }) => !atBoundary)).toBe(true);
    // All of them together hold less than one of them announced.
    expect(grown).toBeLessThan(MAX_TAGGED_FRAME_BYTES);
  });

  it("and sends no frame that would be refused", () => {
    expect(() => encodeTaggedFrame(TAG.data, new Uint8Array(0))).toThrow(WireError);
    expect(() => encodeTaggedFrame(TAG.data, new Uint8Array(MAX_TAGGED_FRAME_BYTES + 1))).toThrow(WireError);
  });
});

it("survives garbage", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 30 })), (chunks) => {
      try {
        pushAll(new TaggedFrameDecoder(), chunks);
      } catch (error) {
        expect(error).toBeInstanceOf(WireError);
      }
    }),
  );
});

function* repeat(size: number): Generator<number> {
  for (;;) yield size;
}
