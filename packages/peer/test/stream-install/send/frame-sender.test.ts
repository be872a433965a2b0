import { parseStreamControl, type StreamControl, TAG, TaggedFrameDecoder } from "@lanspread/proto";
import { seededBytes } from "@lanspread/testkit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FRAME_BUFFER_BYTES } from "../../../src/stream-install/send/constants.ts";
import { FrameSender } from "../../../src/stream-install/send/frame-sender.ts";

const MIB = 1024 * 1024;

/** A sender whose stream takes everything, and what it took. */
function sending(): { readonly frames: FrameSender; readonly written: Buffer[] } {
  const written: Buffer[] = [];
  // A copy: the sender uses its buffer again.
  const stream = { write: async (bytes: Uint8Array) => void written.push(Buffer.from(bytes)) };
  const { signal } = new AbortController();
  return { frames: new FrameSender(stream, { signal, moved: () => {} }), written };
}

function decode(written: readonly Buffer[]): (StreamControl | Buffer)[] {
  const decoder = new TaggedFrameDecoder();
  const frames: (StreamControl | Buffer)[] = [];
  for (const chunk of written) {
    decoder.push(chunk);
    for (let frame = decoder.next(); frame !== null; frame = decoder.next()) {
      frames.push(frame.tag === TAG.data ? Buffer.from(frame.body) : parseStreamControl(frame.body));
    }
  }
  expect(decoder.atBoundary).toBe(true);
  return frames;
}

describe("what is sent", () => {
  it("comes as it was, whatever falls on the edges of the buffer", async () => {
    const step = fc.oneof(
      fc.integer({ min: 1, max: 2000 }),
      fc.integer({ min: FRAME_BUFFER_BYTES - 12, max: FRAME_BUFFER_BYTES + 12 }),
      fc.constant("directory" as const),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        const { frames, written } = sending();
        const expected: (StreamControl | Buffer)[] = [];
        for (const [index, what] of steps.entries()) {
          if (what === "directory") {
            const message = { type: "directory", path: `d${index}` } as const;
            expected.push(message);
            await frames.control(message);
          } else {
            const bytes = Buffer.from(seededBytes(index, what));
            expected.push(Buffer.from(bytes));
            await frames.data(bytes);
            // The caller may use its bytes again.
            bytes.fill(0);
          }
        }
        await frames.flush();
        expect(decode(written)).toEqual(expected);
      }),
      { numRuns: 30 },
    );
  });

  it("is cut into frames of at most 1 MiB, none of them empty", async () => {
    const { frames, written } = sending();
    const bytes = Buffer.from(seededBytes(1, 2 * MIB + 1));
    await frames.data(bytes);
    await frames.data(new Uint8Array());
    await frames.flush();
    const parts = decode(written) as Buffer[];
    expect(parts.map(({ length }) => length)).toEqual([MIB, MIB, 1]);
    expect(Buffer.concat(parts).equals(bytes)).toBe(true);
  });

  it("is written when the buffer is full, not before and not later", async () => {
    const { frames, written } = sending();
    await frames.data(new Uint8Array(FRAME_BUFFER_BYTES - 6));
    expect(written).toEqual([]);
    await frames.control({ type: "directory", path: "d" });
    expect(Buffer.concat(written)).toHaveLength(FRAME_BUFFER_BYTES);
  });
});
