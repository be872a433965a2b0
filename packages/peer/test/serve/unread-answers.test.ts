import {
  type Answer,
  asPeerId,
  encodeFrame,
  MAX_HELLO_BYTES,
  MAX_RESPONSE_BYTES,
  type Request,
} from "@lanspread/proto";
import { describe, expect, it } from "vitest";
import {
  FRAME_BYTES_ALWAYS,
  FRAME_BYTES_OF_ALL,
  LONG_FRAME_BYTES_AT_ONCE,
  LONG_FRAME_BYTES_PER_SECOND,
} from "../../src/serve/constants.ts";
import { type RequestStream, readFrameBody, readFrameLength } from "../../src/transfer/index.ts";
import { StoppedTime } from "../transfer/stopped-time.ts";
import { ASKER, createServeRig, GGOO, type ServeRig } from "./rig.ts";

const FILES = { "version.ini": "1" };
const MIB = 1024 * 1024;
const PING: Request = { type: "ping", peer_id: ASKER };

/** Somebody who asks and takes no byte of the answer: `held` is the memory that waits for him. */
function neverReads(request: Request): RequestStream & { readonly held: Promise<ArrayBufferLike> } {
  let frame: Uint8Array = encodeFrame(request);
  const { promise: held, resolve } = Promise.withResolvers<ArrayBufferLike>();
  return {
    held,
    read: async (into) => {
      const part = frame.subarray(0, into.length);
      into.set(part);
      frame = frame.subarray(part.length);
      return part.length;
    },
    write: (bytes, { signal } = {}) => {
      resolve(bytes.buffer);
      return new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason)));
    },
    finish: () => {},
    reset: () => {},
    stop: () => {},
  };
}

describe("answers that are not read", () => {
  it.each<Request>([{ type: "list_games" }, { type: "get_game", game_id: GGOO }])(
    "take the memory of one, however often $type is asked for",
    async (request) => {
      await using rig = await createServeRig(FILES);
      const over = new AbortController();
      const asking = Array.from({ length: 3 }, () => neverReads(request));
      const served = asking.map((stream) =>
        rig.server.serveStream(stream, { ...rig.context, signal: over.signal }),
      );
      const [first, ...others] = await Promise.all(asking.map(({ held }) => held));
      for (const other of others) expect(other).toBe(first);
      over.abort();
      await Promise.all(served);
    },
  );

  it("are refused where they hold too much", async () => {
    const large: Answer = { type: "error", code: "internal", message: "x".repeat(7 * MIB), retryable: false };
    await using rig = await createServeRig(FILES, { control: { ping: async () => large } });
    const over = new AbortController();
    const asking = [neverReads(PING), neverReads(PING)];
    const served = asking.map((stream) =>
      rig.server.serveStream(stream, { ...rig.context, signal: over.signal }),
    );
    await Promise.all(asking.map(({ held }) => held));
    expect(await rig.ask(PING)).toMatchObject({ type: "error", code: "busy", retryable: true });
    over.abort();
    await Promise.all(served);
    // What they held is free again; that no answer to a ping is as long, is for the asker to say.
    await expect(rig.ask(PING)).rejects.toThrow(/7340097 bytes, 65536 are allowed/u);
  });
});

const header = (bytes: number): Buffer => {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes);
  return length;
};

/** @returns what a frame of so many blanks is answered with */
async function sendBlanks(rig: ServeRig, bytes: number): Promise<string> {
  const { asking } = rig.open({ windowBytes: 16 * MIB });
  await asking.write(header(bytes));
  await asking.write(Buffer.alloc(bytes, " ")).catch(() => {});
  asking.finish();
  const length = await readFrameLength(asking, MIB);
  const body = Buffer.alloc(length ?? 0);
  await readFrameBody(asking, body);
  return JSON.parse(body.toString()).code;
}

it("grants a peer two of the longest frames, and then as many bytes as time passes", async () => {
  await using rig = await createServeRig(FILES);
  const granted = LONG_FRAME_BYTES_AT_ONCE / MAX_HELLO_BYTES;
  for (let sent = 0; sent < granted; sent++) {
    expect(await sendBlanks(rig, MAX_HELLO_BYTES)).toBe("bad_request");
  }
  expect(await sendBlanks(rig, MAX_HELLO_BYTES)).toBe("busy");
  const wait = (MAX_HELLO_BYTES / LONG_FRAME_BYTES_PER_SECOND) * 1000;
  rig.clock += wait - 1;
  expect(await sendBlanks(rig, MAX_HELLO_BYTES)).toBe("busy");
  expect(await rig.ask(PING)).toEqual({ type: "pong" });
  rig.clock += 1;
  expect(await sendBlanks(rig, MAX_HELLO_BYTES)).toBe("bad_request");
});

it("answers who asks for little while others hold all they can", async () => {
  await using rig = await createServeRig(FILES);
  const hoarders = Array.from({ length: FRAME_BYTES_OF_ALL / MAX_HELLO_BYTES + 1 }, (_, index) => {
    const peerId = asPeerId(`00000000-0000-8000-8000-${String(index >> 1).padStart(12, "0")}`);
    return rig.open({ context: { peerId } });
  });
  for (const { asking } of hoarders) await asking.write(header(MAX_HELLO_BYTES));
  const last = hoarders.at(-1);
  if (last === undefined) throw new Error("nobody");
  // Refused: all is taken.
  expect(await readFrameLength(last.asking, MIB)).toBeGreaterThan(0);
  expect(await rig.ask(PING)).toEqual({ type: "pong" });
  expect(await sendBlanks(rig, FRAME_BYTES_ALWAYS)).toBe("bad_request");
  expect(await sendBlanks(rig, FRAME_BYTES_ALWAYS + 1)).toBe("busy");
  for (const { asking } of hoarders) asking.reset(0);
  await Promise.all(hoarders.map(({ served }) => served));
});

it("sends an answer to its end to who takes it slowly, however long that lasts in all", async () => {
  const large: Answer = { type: "error", code: "internal", message: "x".repeat(7 * MIB), retryable: false };
  const noProgressMs = 400;
  await using rig = await createServeRig(FILES, { control: { ping: async () => large }, noProgressMs });
  let taken = 0;
  let ended = false;
  const slow: RequestStream = {
    ...neverReads(PING),
    write: async (bytes, { signal } = {}) => {
      taken += bytes.length;
      // A step is two writes: the last byte waits for the next one.
      await new Promise((resolve) => setTimeout(resolve, noProgressMs / 2 - 1));
      signal?.throwIfAborted();
    },
    finish: () => {
      ended = true;
    },
  };
  using time = new StoppedTime();
  await time.passUntil(rig.server.serveStream(slow, rig.context), 1);
  expect(ended).toBe(true);
  expect(taken).toBe(encodeFrame(large, MAX_RESPONSE_BYTES).length);
});
