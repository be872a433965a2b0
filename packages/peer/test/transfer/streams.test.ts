import { encodeFrame, parseRequest, RESET, type Request, WireError } from "@lanspread/proto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  createStreamChannel,
  type RequestChannel,
  type RequestStream,
  readFrameBody,
  readFrameLength,
} from "../../src/transfer/index.ts";
import { type StreamPair, streamPair } from "../serve/stream-pair.ts";

/** A stream that gives its bytes in parts of these lengths. */
function partsOf(bytes: Uint8Array, lengths: readonly number[]): Pick<RequestStream, "read"> {
  let at = 0;
  let turn = 0;
  return {
    read: async (into) => {
      const count = Math.min(into.length, lengths[turn++ % lengths.length] ?? 1, bytes.length - at);
      into.set(bytes.subarray(at, at + count));
      at += count;
      return count;
    },
  };
}

describe("a frame", () => {
  it("is read whole however it comes, and not a byte more", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ minLength: 1, maxLength: 300 }),
        fc.uint8Array({ maxLength: 50 }),
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }),
        async (body, behind, lengths) => {
          const header = Buffer.alloc(4);
          header.writeUInt32BE(body.length);
          const stream = partsOf(Buffer.concat([header, body, behind]), lengths);
          const length = await readFrameLength(stream, 300);
          expect(length).toBe(body.length);
          const read = new Uint8Array(length ?? 0);
          await readFrameBody(stream, read);
          expect(read).toEqual(body);
          const rest = new Uint8Array(100);
          let count = 0;
          for (;;) {
            const more = await stream.read(rest.subarray(count));
            if (more === 0) break;
            count += more;
          }
          expect(rest.subarray(0, count)).toEqual(behind);
        },
      ),
    );
  });

  it.each([
    { name: "over the limit", bytes: [0, 0, 1, 0], reset: RESET.tooLarge },
    { name: "empty", bytes: [0, 0, 0, 0], reset: RESET.malformed },
    { name: "cut within its length", bytes: [0, 0], reset: RESET.malformed },
  ])("is refused: $name", async ({ bytes, reset }) => {
    const reading = readFrameLength(partsOf(Uint8Array.from(bytes), [9]), 255);
    await expect(reading).rejects.toBeInstanceOf(WireError);
    await expect(reading).rejects.toMatchObject({ reset });
  });

  it("is refused where the stream ends within it, and is none where it ends before", async () => {
    await expect(readFrameBody(partsOf(Uint8Array.of(1, 2), [1]), new Uint8Array(3))).rejects.toThrow(
      "ends within a frame",
    );
    expect(await readFrameLength(partsOf(new Uint8Array(0), [1]), 10)).toBeNull();
  });
});

interface Asked {
  readonly channel: RequestChannel;
  readonly pairs: StreamPair[];
}

/** A channel whose streams `answer` answers. */
function channelTo(answer: (stream: RequestStream, request: Request) => Promise<void>): Asked {
  const pairs: StreamPair[] = [];
  const channel = createStreamChannel(async () => {
    const pair = streamPair();
    pairs.push(pair);
    void (async () => {
      const body = new Uint8Array((await readFrameLength(pair.answering, 100_000)) ?? 0);
      await readFrameBody(pair.answering, body);
      // The asking side has finished: nothing follows its frame.
      expect(await pair.answering.read(new Uint8Array(1))).toBe(0);
      await answer(pair.answering, parseRequest(body));
    })().catch(() => {});
    return pair.asking;
  });
  return { channel, pairs };
}

const LIST: Request = { type: "list_games" };

describe("a channel over streams", () => {
  it("sends one frame, finishes, and returns the answer", async () => {
    const requests: Request[] = [];
    const { channel, pairs } = channelTo(async (stream, request) => {
      requests.push(request);
      await stream.write(encodeFrame({ type: "ok" }));
      stream.finish();
    });
    expect(await channel.request(LIST)).toEqual({ type: "ok" });
    expect(await channel.request(LIST)).toEqual({ type: "ok" });
    expect(requests).toEqual([LIST, LIST]);
    expect(pairs).toHaveLength(2);
  });

  it("returns an error answer: it is an answer", async () => {
    const refusal = {
      type: "error",
      code: "busy",
      message: "later",
      retryable: true,
    };
    const { channel } = channelTo(async (stream) => {
      await stream.write(encodeFrame(refusal));
      stream.finish();
    });
    expect(await channel.request(LIST)).toEqual(refusal);
  });

  it("gives the raw bytes behind the frame", async () => {
    const { channel } = channelTo(async (stream) => {
      await stream.write(
        Buffer.concat([encodeFrame({ type: "file_data", size: 5 }), Buffer.from("hel"), Buffer.from("lo")]),
      );
      stream.finish();
    });
    const data = await channel.requestData(LIST);
    expect(data.answer).toEqual({ type: "file_data", size: 5 });
    const bytes = Buffer.alloc(5);
    for (let at = 0; at < 5; ) at += await data.read(bytes.subarray(at));
    expect(bytes.toString()).toBe("hello");
    expect(await data.read(bytes)).toBe(0);
    expect(await data.read(bytes)).toBe(0);
  });

  it("tells the other side that it reads no more", async () => {
    const stopped = Promise.withResolvers<unknown>();
    const { channel } = channelTo(async (stream) => {
      await stream.write(encodeFrame({ type: "file_data", size: 10_000_000 }));
      await stream.write(Buffer.alloc(10_000_000)).then(stopped.resolve, stopped.resolve);
    });
    const data = await channel.requestData(LIST);
    data.cancel();
    data.cancel();
    expect(await data.read(Buffer.alloc(10))).toBe(0);
    expect(String(await stopped.promise)).toContain(`${RESET.cancelled}`);
  });

  it.each([
    { name: "no JSON", bytes: Buffer.from("\0\0\0\x03abc", "latin1") },
    { name: "an unknown message", bytes: encodeFrame({ type: "surprise" }) },
    { name: "a field too many", bytes: encodeFrame({ type: "ok", more: 1 }) },
    { name: "nothing", bytes: new Uint8Array(0) },
    { name: "half a frame", bytes: encodeFrame({ type: "ok" }).subarray(0, 7) },
    {
      name: "bytes behind an answer that has none",
      bytes: Buffer.concat([encodeFrame({ type: "ok" }), Buffer.from("x")]),
    },
    {
      name: "a length over every limit",
      bytes: Buffer.from([0xff, 0xff, 0xff, 0xff]),
    },
  ])("refuses an answer that breaks the rules: $name", async ({ bytes }) => {
    const { channel } = channelTo(async (stream) => {
      if (bytes.length > 0) await stream.write(bytes);
      stream.finish();
    });
    await expect(channel.request(LIST)).rejects.toBeInstanceOf(WireError);
  });

  it("leaves no stream open behind an answer that breaks the rules", async () => {
    const told = Promise.withResolvers<unknown>();
    const { channel } = channelTo(async (stream) => {
      await stream.write(encodeFrame({ type: "surprise" }));
      await stream.write(Buffer.alloc(10_000_000)).then(told.resolve, told.resolve);
    });
    await expect(channel.requestData(LIST)).rejects.toBeInstanceOf(WireError);
    expect(String(await told.promise)).toContain(`${RESET.malformed}`);
  });

  it("passes on that the peer could not be asked, and that it was cancelled", async () => {
    const lost = new Error("connection lost");
    const broken = createStreamChannel(() => Promise.reject(lost));
    await expect(broken.request(LIST)).rejects.toBe(lost);
    const controller = new AbortController();
    const { channel, pairs } = channelTo(async () => controller.abort(lost));
    await expect(channel.request(LIST, { signal: controller.signal })).rejects.toBe(lost);
    expect(pairs[0]?.answer).toBeDefined();
    await expect(channel.request(LIST, { signal: controller.signal })).rejects.toBe(lost);
    expect(pairs).toHaveLength(1);
  });
});
