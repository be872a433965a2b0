import {
  type Answer,
  asGameId,
  encodeFrame,
  errorAnswer,
  type Hash,
  MAX_RESPONSE_BYTES,
  type PeerId,
  parseAnswer,
  type Request,
} from "@lanspread/proto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readFrameBody, readFrameLength } from "../../src/transfer/frame-reader.ts";
import { type RequestStream, readFully } from "../../src/transfer/index.ts";
import { readAnswer } from "../../src/transfer/read-answer.ts";

const LENGTH = 65_536;
const PART: Request = {
  type: "get_game_file_chunk",
  game_id: asGameId("ggoo"),
  manifest_hash: "0".repeat(64) as Hash,
  path: "data/1.bin",
  offset: 0,
  length: LENGTH,
};

/** A stream that gives its bytes in parts of these lengths, over and over, and counts how often it was read. */
function partsOf(bytes: Uint8Array, lengths: readonly number[]) {
  let at = 0;
  const stream = {
    reads: 0,
    read: async (into: Uint8Array): Promise<number> => {
      const count = Math.min(into.length, lengths[stream.reads++ % lengths.length] ?? 1, bytes.length - at);
      into.set(bytes.subarray(at, at + count));
      at += count;
      return count;
    },
  };
  return stream;
}

/** A frame with just this text, which may be no message. */
function frameOf(text: string): Buffer {
  const body = Buffer.from(text);
  const frame = Buffer.alloc(4 + body.length);
  frame.writeUInt32BE(body.length);
  frame.set(body, 4);
  return frame;
}

type Outcome = { readonly answer: Answer; readonly rest: string } | { readonly refused: string };

async function outcomeOf(read: () => Promise<{ answer: Answer; rest: Pick<RequestStream, "read"> }>) {
  try {
    const { answer, rest } = await read();
    const behind = Buffer.alloc(200);
    const count = await readFully(rest, behind);
    return { answer, rest: behind.toString("hex", 0, count) } satisfies Outcome;
  } catch (error) {
    return { refused: String(error) } satisfies Outcome;
  }
}

/** The same without knowing what is usual. */
async function taken(stream: Pick<RequestStream, "read">) {
  const length = await readFrameLength(stream, MAX_RESPONSE_BYTES);
  if (length === null) throw new Error("nothing came");
  const body = new Uint8Array(length);
  await readFrameBody(stream, body);
  return { answer: parseAnswer(body), rest: stream };
}

const usual = encodeFrame({ type: "file_data", size: LENGTH });

/** The usual frame with some of its bytes replaced, left out or put in. */
const mutated = fc
  .array(
    fc.record({
      at: fc.nat({ max: usual.length - 1 }),
      byte: fc.nat({ max: 255 }),
      how: fc.constantFrom("replace", "remove", "insert"),
    }),
    { minLength: 1, maxLength: 3 },
  )
  .map((changes) => {
    const bytes = [...usual];
    for (const { at, byte, how } of changes) {
      if (how === "replace") bytes[at] = byte;
      else bytes.splice(at, how === "remove" ? 1 : 0, ...(how === "insert" ? [byte] : []));
    }
    return Uint8Array.from(bytes);
  })
  // What announces more than ever comes is refused by both, with words that tell how much had come.
  .filter((bytes) => Buffer.from(bytes).readUInt32BE() < 100);

const answers = fc.oneof(
  fc.constant(usual),
  mutated,
  fc
    .uint8Array({ maxLength: 60 })
    .filter((bytes) => bytes.length < 4 || Buffer.from(bytes).readUInt32BE() < 60),
  fc.nat({ max: 2 * LENGTH }).map((size) => encodeFrame({ type: "file_data", size })),
  fc.integer().map((size) => frameOf(`{"type":"file_data","size":${size}}`)),
  fc.constantFrom(
    frameOf(`{"size":${LENGTH},"type":"file_data"}`),
    frameOf(`{"size":${LENGTH}, "type":"file_data"}`),
    frameOf(`{"type":"file_data","size":${LENGTH},"more":1}`),
    frameOf(`{"type":"file_data","size":"${LENGTH}"}`),
    frameOf(`{"type":"file_data","size":6.5536e4}`),
    frameOf(`{"type":"file_data"}`),
    encodeFrame({ type: "ok" }),
    encodeFrame({ type: "pong" }),
    encodeFrame(errorAnswer("busy", "", true)),
    encodeFrame(
      errorAnswer("manifest_changed", '"data/1.bin": is no longer the file of the manifest', false),
    ),
  ),
);

describe("the answer to a request for a part of a file", () => {
  it("is the same as if nobody had known how it would be, and so is what comes behind it", async () => {
    await fc.assert(
      fc.asyncProperty(
        answers,
        fc.uint8Array({ maxLength: 60 }),
        fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 4 }),
        async (frame, behind, lengths) => {
          const bytes = Buffer.concat([frame, behind]);
          const [guessed, plain] = [partsOf(bytes, lengths), partsOf(bytes, lengths)];
          const outcome = await outcomeOf(() => readAnswer(guessed, PART, {}));
          const expected = await outcomeOf(() => taken(plain));
          // Of what is cut off, only how much came of it may be told differently.
          if ("refused" in expected) expect(outcome).toHaveProperty("refused");
          else expect(outcome).toEqual(expected);
        },
      ),
      { numRuns: 3_000 },
    );
  });

  it("takes one read where it is the usual one", async () => {
    const stream = partsOf(Buffer.concat([usual, Buffer.alloc(50)]), [1_000]);
    expect(await readAnswer(stream, PART, {})).toEqual({
      answer: { type: "file_data", size: LENGTH },
      rest: stream,
    });
    expect(stream.reads).toBe(1);
  });

  it("is refused at its length where that is more than such an answer can have", async () => {
    const header = Buffer.alloc(4);
    header.writeUInt32BE(MAX_RESPONSE_BYTES);
    const endless = partsOf(Buffer.concat([header, Buffer.alloc(MAX_RESPONSE_BYTES, " ")]), [1_000]);
    await expect(readAnswer(endless, PART, {})).rejects.toThrow(/8388608 bytes, 65536 are allowed/u);
    expect(endless.reads).toBe(1);
  });

  it("has room for the longest refusal", async () => {
    const longest = errorAnswer("internal", "\u0001".repeat(3_000), false);
    const { answer } = await readAnswer(partsOf(encodeFrame(longest), [1_000]), PART, {});
    expect(answer).toEqual(longest);
  });

  it("is a refusal where the source refuses, which is longer whatever it says", async () => {
    const longest = encodeFrame({ type: "file_data", size: Number.MAX_SAFE_INTEGER });
    const refusal = errorAnswer("busy", "", true);
    expect(encodeFrame(refusal).length).toBeGreaterThan(longest.length);
    const { answer } = await readAnswer(partsOf(encodeFrame(refusal), [7]), PART, {});
    expect(answer).toEqual(refusal);
  });
});

describe("other answers", () => {
  const game = { game_id: asGameId("ggoo") };
  const peer = { peer_id: "0bc1eadc-182b-88da-b71c-45d85406cd58" as PeerId };
  const manifestHash = "0".repeat(64) as Hash;

  it.each<[number, Request]>([
    [MAX_RESPONSE_BYTES, { type: "get_game", ...game }],
    [MAX_RESPONSE_BYTES, { type: "list_games" }],
    [65_536, { type: "get_piece_hashes", ...game, manifest_hash: manifestHash }],
    [65_536, { type: "ping", ...peer }],
    [65_536, { type: "goodbye", ...peer }],
  ])("may have %i bytes where %j is asked", async (most, request) => {
    const header = Buffer.alloc(4);
    header.writeUInt32BE(most + 1);
    await expect(readAnswer(partsOf(header, [4]), request, {})).rejects.toThrow(`${most} are allowed`);
    header.writeUInt32BE(most);
    await expect(readAnswer(partsOf(header, [4]), request, {})).rejects.toThrow("ends within a frame");
  });
});
