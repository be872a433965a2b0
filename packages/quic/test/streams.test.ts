import { eventually, seededBytes } from "@lanspread/testkit";
import { describe, expect, test } from "vitest";
import {
  ConnectionClosedError,
  type Stream,
  StreamResetError,
  StreamStateError,
  StreamStoppedError,
} from "../src/index.ts";
import { LINKS } from "./support/links.ts";
import { ask, connectPair, connectStreams, echo, readAll, readExactly, sha256 } from "./support/pair.ts";

describe.each(LINKS)("streams over $name", ({ open }) => {
  test("bytes arrive unchanged and in order, both ways at once", async () => {
    await using link = open();
    const { near, far } = await connectPair(link);
    echo(far);
    const bytes = seededBytes(1, 12_000_001);
    expect(sha256(await ask(near, bytes))).toBe(sha256(bytes));
  });

  test("many streams at once, opened by both sides, do not mix", async () => {
    await using link = open();
    const { near, far } = await connectPair(link);
    echo(far);
    echo(near);
    const contents = Array.from({ length: 200 }, (_, i) => seededBytes(i, 20_000 + i));
    const answers = await Promise.all([
      ...contents.map((bytes) => ask(near, bytes)),
      ...contents.map((bytes) => ask(far, bytes)),
    ]);
    expect(answers.map(sha256)).toEqual([...contents, ...contents].map(sha256));
  });

  test("each direction ends by itself", async () => {
    await using link = open();
    const { near, far } = await connectPair(link);
    const [a, b] = await connectStreams(near, far);
    a.finish();
    expect(await b.read(new Uint8Array(8))).toBe(0);
    expect(await b.read(new Uint8Array(8))).toBe(0);
    await expect(a.write(Uint8Array.of(1))).rejects.toThrow(StreamStateError);
    await b.write(Uint8Array.of(1, 2, 3));
    b.finish();
    expect([...(await readAll(a))]).toEqual([1, 2, 3]);
    await eventually(() => near.stats().openStreams === 0 && far.stats().openStreams === 0);
  });

  test("streams that are reset on both sides make room for others", async () => {
    await using link = open();
    const { near, far } = await connectPair(link, { server: { limits: { maxStreamsPerConnection: 8 } } });
    const codes: unknown[] = [];
    far.onStream(async (stream) => {
      const buffer = new Uint8Array(8);
      try {
        while ((await stream.read(buffer)) > 0);
      } catch (error) {
        codes.push(error instanceof StreamResetError ? error.code : error);
      }
      stream.reset(2);
    });
    for (let opened = 0; opened < 100; opened++) {
      const stream = await near.openStream();
      await stream.write(Uint8Array.of(1));
      stream.reset(1);
      await expect(stream.read(new Uint8Array(1))).rejects.toThrow(StreamResetError);
    }
    expect(new Set(codes)).toEqual(new Set([1]));
  });

  test("a stream that is finished without a byte reaches the other side", async () => {
    await using link = open();
    const { near, far } = await connectPair(link);
    const accepted = new Promise<Stream>((resolve) => far.onStream(resolve));
    const stream = await near.openStream();
    stream.finish();
    expect(await (await accepted).read(new Uint8Array(1))).toBe(0);
  });

  test("bytes that were written before the end arrive before it", async () => {
    await using link = open();
    const { near, far } = await connectPair(link);
    const [a, b] = await connectStreams(near, far);
    const bytes = seededBytes(2, 2_000_000);
    const written = a.write(bytes);
    a.finish();
    expect(sha256(await readAll(b))).toBe(sha256(bytes));
    await written;
  });

  test("who writes waits for who reads", async () => {
    await using link = open();
    const windowBytes = 128 * 1024;
    const { near, far } = await connectPair(link, {
      server: { limits: { peerStreamWindowBytes: windowBytes, streamWindowBytes: windowBytes } },
    });
    const [a, b] = await connectStreams(near, far);
    echo(far);
    let taken = 1; // the first byte counts
    const bytes = seededBytes(3, 1_000_000);
    const sending = (async () => {
      for (let at = 0; at < bytes.length; at += 1_000) {
        await a.write(bytes.subarray(at, at + 1_000));
        taken += 1_000;
      }
      a.finish();
    })();
    await eventually(() => taken > windowBytes - 1_000);
    await ask(near, Uint8Array.of(1)); // the connection goes on, and the writer still waits
    expect(taken).toBeLessThanOrEqual(windowBytes);
    expect(sha256(await readAll(b))).toBe(sha256(bytes));
    await sending;
  });

  test("a stream that nobody reads, or that was given up, takes nothing from the others", async () => {
    await using link = open();
    const { near, far } = await connectPair(link);
    const bulk = seededBytes(4, 2_000_000);
    const [unread, source] = await connectStreams(near, far);
    await source.write(bulk);
    const [stopped, given] = await connectStreams(near, far);
    await given.write(bulk);
    stopped.stop(5);
    await expect(writeForEver(given)).rejects.toEqual(new StreamStoppedError(5));
    const [reset, broken] = await connectStreams(near, far);
    await broken.write(bulk);
    broken.reset(6);
    await expect(readAll(reset)).rejects.toEqual(new StreamResetError(6));
    echo(far);
    const bytes = seededBytes(5, 1_000_000);
    for (let i = 0; i < 40; i++) expect((await ask(near, bytes)).length).toBe(bytes.length);
    expect(sha256(await readExactly(unread, bulk.length))).toBe(sha256(bulk));
  });

  test("a reset reaches the reader with its code, whether it waits or comes later", async () => {
    await using link = open();
    const { near, far } = await connectPair(link);
    const [a, b] = await connectStreams(near, far);
    const waiting = b.read(new Uint8Array(8));
    a.reset(2 ** 40);
    await expect(waiting).rejects.toEqual(new StreamResetError(2 ** 40));
    await expect(b.read(new Uint8Array(8))).rejects.toBeInstanceOf(StreamResetError);
    await expect(a.write(Uint8Array.of(1))).rejects.toBeInstanceOf(StreamResetError);
    // The other direction is untouched.
    await b.write(Uint8Array.of(9));
    expect([...(await readExactly(a, 1))]).toEqual([9]);
  });

  test("a reset behind the end of a stream changes nothing", async () => {
    await using link = open();
    const { near, far } = await connectPair(link);
    const [a, b] = await connectStreams(near, far);
    const bytes = seededBytes(6, 50_000);
    await a.write(bytes);
    a.finish();
    a.reset(1);
    expect(sha256(await readAll(b))).toBe(sha256(bytes));
  });

  test("a write that is aborted behind the end takes the end back: the stream can still be reset", async () => {
    await using link = open();
    const { near, far } = await connectPair(link);
    const [a, b] = await connectStreams(near, far);
    const controller = new AbortController();
    const written = a.write(new Uint8Array(32 * 1024 * 1024), { signal: controller.signal });
    a.finish();
    await eventually(() => far.stats().bytesReceived > 100_000);
    controller.abort(new Error("no longer wanted"));
    await expect(written).rejects.toThrow("no longer wanted");
    a.reset(7);
    await expect(readAll(b)).rejects.toEqual(new StreamResetError(7));
  });

  test("a stop reaches the writer with its code, also one that waits for room", async () => {
    await using link = open();
    const { near, far } = await connectPair(link);
    const [a, b] = await connectStreams(near, far);
    const writing = a.write(new Uint8Array(32 * 1024 * 1024));
    const refused = expect(writing).rejects.toEqual(new StreamStoppedError(77));
    await eventually(() => far.stats().bytesReceived > 100_000);
    const waiting = far.openStream();
    b.stop(77);
    await refused;
    await expect(a.write(Uint8Array.of(1))).rejects.toBeInstanceOf(StreamStoppedError);
    await expect(b.read(new Uint8Array(8))).rejects.toBeInstanceOf(StreamStoppedError);
    await b.write(Uint8Array.of(9));
    expect([...(await readExactly(a, 1))]).toEqual([9]);
    await waiting;
  });

  test("a stop that comes with the end or the reset of the other direction is heard too", async () => {
    await using link = open();
    const { near, far } = await connectPair(link);
    for (const leave of ["finish", "reset"] as const) {
      const written = new Promise<unknown>((resolve) => {
        far.onStream((stream) => {
          const end = readAll(stream).catch(() => undefined);
          resolve(end.then(() => writeForEver(stream)).catch((error: unknown) => error));
        });
      });
      const stream = await near.openStream();
      await stream.write(Uint8Array.of(1));
      stream.stop(5);
      if (leave === "finish") stream.finish();
      else stream.reset(6);
      expect(await written).toEqual(new StreamStoppedError(5));
      await eventually(() => far.stats().openStreams === 0);
    }
  });

  test("a stop that comes with the end is heard also by a stream that was known before", async () => {
    await using link = open();
    const { near, far } = await connectPair(link);
    const [a, b] = await connectStreams(near, far);
    const end = readAll(b);
    a.stop(5);
    a.finish();
    await end;
    await expect(writeForEver(b)).rejects.toEqual(new StreamStoppedError(5));
    await eventually(() => far.stats().openStreams === 0);
  });

  test("an aborted wait withdraws and leaves the stream usable", async () => {
    await using link = open();
    const { near, far } = await connectPair(link, {
      server: { limits: { peerStreamWindowBytes: 65_536, maxStreamsPerConnection: 1 } },
    });
    const [a, b] = await connectStreams(near, far);
    const reason = new Error("no longer wanted");
    for (const wait of [
      (signal: AbortSignal) => b.read(new Uint8Array(8), { signal }),
      (signal: AbortSignal) => near.openStream({ signal }),
    ]) {
      const controller = new AbortController();
      const waiting = wait(controller.signal);
      controller.abort(reason);
      await expect(waiting).rejects.toBe(reason);
      await expect(wait(controller.signal)).rejects.toBe(reason);
    }
    await a.write(Uint8Array.of(5));
    expect([...(await readExactly(b, 1))]).toEqual([5]);
    const controller = new AbortController();
    const writing = a.write(new Uint8Array(1_000_000), { signal: controller.signal });
    controller.abort(reason);
    await expect(writing).rejects.toBe(reason);
    a.reset(3);
    await expect(readAll(b)).rejects.toEqual(new StreamResetError(3));
  });

  test("two readers at once, reading into nothing and impossible codes are refused", async () => {
    await using link = open();
    const { near, far } = await connectPair(link);
    const [a, b] = await connectStreams(near, far);
    const first = b.read(new Uint8Array(8));
    await expect(b.read(new Uint8Array(8))).rejects.toBeInstanceOf(StreamStateError);
    await a.write(Uint8Array.of(1));
    expect(await first).toBe(1);
    await expect(b.read(new Uint8Array(0))).rejects.toBeInstanceOf(RangeError);
    for (const code of [-1, 0.5, 2 ** 53]) {
      expect(() => a.reset(code)).toThrow(RangeError);
      expect(() => a.stop(code)).toThrow(RangeError);
      expect(() => near.close(code)).toThrow(RangeError);
    }
  });

  test("streams that came before anybody asked for them are delivered then", async () => {
    await using link = open();
    const { near, far } = await connectPair(link);
    const asked = ask(near, Uint8Array.of(1, 2));
    await eventually(() => far.stats().openStreams === 1);
    echo(far);
    expect([...(await asked)]).toEqual([1, 2]);
  });

  test("257 streams: the last one waits until another has ended", async () => {
    await using link = open();
    const { near, far } = await connectPair(link);
    const seen: Stream[] = [];
    far.onStream((stream) => seen.push(stream));
    const streams: Stream[] = [];
    for (let i = 0; i < 256; i++) {
      const stream = await near.openStream();
      await stream.write(Uint8Array.of(1));
      streams.push(stream);
    }
    let opened = false;
    const last = near.openStream().then((stream) => {
      opened = true;
      return stream;
    });
    await eventually(() => seen.length === 256);
    expect(opened).toBe(false);
    for (const stream of [streams[0], seen[0]]) stream?.finish();
    for (const stream of [streams[0], seen[0]]) if (stream !== undefined) await readAll(stream);
    const stream = await last;
    stream.finish();
    await eventually(() => seen.length === 257);
  });

  test("streams that are reset or stopped by either side make room for others", async () => {
    await using link = open();
    const { near, far } = await connectPair(link, { server: { limits: { maxStreamsPerConnection: 8 } } });
    // What the answering side does with a stream whose request it has, then what the asking side does.
    const endings: ReadonlyArray<readonly [Ending, Ending]> = [
      ["stop reset", "read"],
      ["reset stop", "read"],
      ["finish stop", "read reset"],
      ["read", "reset stop"],
      ["read finish", "finish stop"],
      ["reset", "reset stop"],
      ["finish read", "finish read"],
    ];
    far.onStream((stream) => {
      void (async () => {
        const [kind = 0] = await readExactly(stream, 1);
        await end(stream, endings[kind]?.[0] ?? "reset");
      })().catch(() => stream.reset(3)); // given up before its request was read
    });
    for (let i = 0; i < 50 * endings.length; i++) {
      const kind = i % endings.length;
      const stream = await near.openStream();
      await stream.write(Uint8Array.of(kind));
      await end(stream, endings[kind]?.[1] ?? "reset");
    }
    await eventually(() => near.stats().openStreams === 0);
  });

  test("a handler that throws ends its stream only", async () => {
    await using link = open();
    const warnings: string[] = [];
    const logger = { debug: () => undefined, warn: (message: string) => warnings.push(message) };
    const { near, far } = await connectPair(link, { server: { logger } });
    far.onStream(() => {
      throw new Error("handler's fault");
    });
    await expect(ask(near, Uint8Array.of(1))).rejects.toBeInstanceOf(StreamResetError);
    expect(warnings).toHaveLength(1);
    echo(far);
    expect([...(await ask(near, Uint8Array.of(2)))]).toEqual([2]);
  });

  test("everything that waits ends with the connection", async () => {
    await using link = open();
    const { near, far } = await connectPair(link, { server: { limits: { maxStreamsPerConnection: 1 } } });
    const [a, b] = await connectStreams(near, far);
    const waits = [
      a.read(new Uint8Array(8)),
      a.write(new Uint8Array(32 * 1024 * 1024)),
      near.openStream(),
      b.read(new Uint8Array(64)).then(async () => {
        for (;;) await b.read(new Uint8Array(1));
      }),
    ];
    const ended = Promise.all(
      waits.map((wait) => expect(wait).rejects.toBeInstanceOf(ConnectionClosedError)),
    );
    far.close(4, "enough");
    await ended;
    await expect(a.write(Uint8Array.of(1))).rejects.toBeInstanceOf(ConnectionClosedError);
    await expect(near.openStream()).rejects.toBeInstanceOf(ConnectionClosedError);
    a.finish();
    a.reset(1);
    a.stop(1);
  });
});

async function writeForEver(stream: Stream): Promise<never> {
  for (;;) await stream.write(new Uint8Array(100_000));
}

type Ending =
  | "stop reset"
  | "reset stop"
  | "finish stop"
  | "read"
  | "read finish"
  | "read reset"
  | "finish read"
  | "reset";

/** Ends a stream in the steps that the text says. A direction that the other side has given up is given up here too. */
async function end(stream: Stream, ending: Ending): Promise<void> {
  for (const step of ending.split(" ")) {
    if (step === "stop") stream.stop(1);
    else if (step === "reset") stream.reset(2);
    else if (step === "finish") stream.finish();
    else await readAll(stream).catch(() => stream.reset(3));
  }
}
