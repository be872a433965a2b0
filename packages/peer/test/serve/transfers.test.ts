import { open, truncate } from "node:fs/promises";
import { join } from "node:path";
import { type Answer, encodeFrame, parseAnswer, RESET } from "@lanspread/proto";
import { eventually } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import { PeerError } from "../../src/errors/index.ts";
import { LARGE_ANSWER_BYTES } from "../../src/serve/constants.ts";
import { writeInSteps } from "../../src/serve/write-in-steps.ts";
import { readFrameBody, readFrameLength } from "../../src/transfer/index.ts";
import { StoppedTime } from "../transfer/stopped-time.ts";
import { content, createServeRig, GGOO, type Opened, OTHER, type ServeRig } from "./rig.ts";

const BYTES = 8_000_000;
const FILES = { "version.ini": "2018.04.12", "a.eti": content(BYTES, "a") };
const WINDOW = 64 * 1024;

/** Asks for the whole file, reads the frame and some bytes, and stands still. */
async function halfRead(rig: ServeRig, options: Parameters<ServeRig["open"]>[0] = {}): Promise<Opened> {
  const opened = await rig.send(rig.chunk("a.eti", 0, BYTES), { windowBytes: WINDOW, ...options });
  expect(await readFrame(opened)).toEqual({ type: "file_data", size: BYTES });
  await readFrameBody(opened.asking, Buffer.alloc(WINDOW));
  return opened;
}

async function readFrame({ asking }: Opened): Promise<Answer> {
  const length = await readFrameLength(asking, 1_000_000);
  if (length === null) throw new Error("no answer");
  const body = Buffer.alloc(length);
  await readFrameBody(asking, body);
  return parseAnswer(body);
}

async function drain({ asking }: Opened): Promise<number> {
  const buffer = Buffer.alloc(WINDOW);
  let total = 0;
  for (;;) {
    const count = await asking.read(buffer);
    if (count === 0) return total;
    total += count;
  }
}

const warnings = (rig: ServeRig): unknown[] =>
  rig.log.filter((entry) => entry.level === "warn" || entry.level === "error");

describe("a transfer", () => {
  it("is counted while it runs, and waits for the receiver", async () => {
    await using rig = await createServeRig(FILES);
    const opened = await halfRead(rig);
    expect(rig.outbound.counts()).toEqual({ [GGOO]: 1 });
    // The frame, what was read, and what the window holds; nothing of the other megabytes.
    expect(opened.answer.taken).toBeLessThan(3 * WINDOW);
    expect(await drain(opened)).toBe(BYTES - WINDOW);
    await opened.served;
    expect(rig.outbound.counts()).toEqual({});
  });

  it("is registered whenever the gate is asked", async () => {
    await using rig = await createServeRig(FILES);
    const registered: (number | undefined)[] = [];
    rig.onGate = () => registered.push(rig.outbound.counts()[GGOO]);
    const opened = await rig.send(rig.chunk("a.eti", 0, BYTES));
    await readFrame(opened);
    await drain(opened);
    await opened.served;
    // At the request, before the file is opened, after that, and before each read.
    expect(registered.length).toBeGreaterThan(10);
    expect(new Set(registered)).toEqual(new Set([1]));
  });

  it("ends when an operation closes the gate and cancels what is registered", async () => {
    await using rig = await createServeRig(FILES);
    const opened = await halfRead(rig);
    rig.library.busy.add(GGOO);
    await rig.outbound.cancel(GGOO);
    expect(rig.outbound.counts()).toEqual({});
    await opened.served;
    expect(opened.answer.resetCode).toBe(RESET.revoked);
    await expect(drain(opened)).rejects.toThrow();
    expect(warnings(rig)).toEqual([]);
  });

  it("ends at the next read where the gate is closed and nobody cancels", async () => {
    await using rig = await createServeRig(FILES);
    const opened = await halfRead(rig);
    rig.library.busy.add(GGOO);
    await expect(drain(opened)).rejects.toThrow(`reset with ${RESET.revoked}`);
    await opened.served;
    expect(rig.outbound.counts()).toEqual({});
  });

  it("that is cancelled before its first byte is answered with the reason", async () => {
    await using rig = await createServeRig(FILES);
    const opened = rig.open();
    await opened.asking.write(encodeFrame(rig.chunk("a.eti", 0, BYTES)));
    await eventually(() => rig.outbound.counts()[GGOO] === 1);
    rig.library.busy.add(GGOO);
    const cancelled = rig.outbound.cancel(GGOO);
    opened.asking.finish();
    await cancelled;
    const answer = await readFrame(opened).catch(() => null);
    // Either way no byte of the game was promised that does not come.
    if (answer?.type === "error") expect(answer).toMatchObject({ code: "operation_active", retryable: true });
    else await expect(drain(opened)).rejects.toThrow();
    await opened.served;
  });

  it("ends wherever it is cancelled: at each step from the request to the last read", async () => {
    await using rig = await createServeRig(FILES);
    let steps = 0;
    rig.onGate = () => {
      steps += 1;
    };
    const whole = await rig.send(rig.chunk("a.eti", 0, BYTES));
    await readFrame(whole);
    expect(await drain(whole)).toBe(BYTES);
    await whole.served;
    expect(rig.outbound.counts()).toEqual({});
    const total = steps;
    expect(total).toBeGreaterThan(10);

    for (let at = 1; at <= total; at++) {
      steps = 0;
      let cancelled: Promise<void> | undefined;
      rig.onGate = () => {
        steps += 1;
        if (steps === at) cancelled = rig.outbound.cancel(GGOO);
      };
      const opened = await rig.send(rig.chunk("a.eti", 0, BYTES));
      // Nothing that was promised comes short and looks whole.
      const whatComes = async (): Promise<number> =>
        (await readFrame(opened)).type === "file_data" ? await drain(opened) : 0;
      expect(await whatComes().catch(() => 0)).toBe(0);
      await cancelled;
      expect(cancelled, `step ${at}`).toBeDefined();
      expect(rig.outbound.counts()).toEqual({});
      await opened.served;
    }
    expect(warnings(rig)).toEqual([]);
  });

  it("ends when the receiver wants no more, without a word in the log", async () => {
    await using rig = await createServeRig(FILES);
    const opened = await halfRead(rig);
    opened.asking.stop(RESET.cancelled);
    await opened.served;
    expect(rig.outbound.counts()).toEqual({});
    expect(warnings(rig)).toEqual([]);
  });

  it("ends when the receiver takes nothing for too long", async () => {
    await using rig = await createServeRig(FILES, { transfers: { noProgressMs: 50 } });
    using time = new StoppedTime();
    const opened = await halfRead(rig);
    await time.passUntil(opened.served, 50);
    expect(opened.answer.resetCode).toBe(RESET.stalled);
    expect(rig.outbound.counts()).toEqual({});
  });

  it("shows its progress long before a buffer is taken as a whole", async () => {
    const taken: number[] = [];
    const moved: number[] = [];
    const stream = { write: async (bytes: Uint8Array) => void taken.push(bytes.length) };
    const { signal } = new AbortController();
    await writeInSteps(stream, Buffer.alloc(300_000), { signal, moved: () => void moved.push(taken.length) });
    expect(taken).toEqual([131_072, 131_072, 37_856]);
    expect(moved).toEqual([1, 2, 3]);
  });

  it.each([
    ["the connection's end", new Error("closed"), RESET.cancelled],
    ["the end of this peer", new PeerError("shutting-down", "stopping"), RESET.shuttingDown],
  ])("ends with %s", async (_, reason, code) => {
    await using rig = await createServeRig(FILES);
    const over = new AbortController();
    const opened = await halfRead(rig, { context: { signal: over.signal } });
    over.abort(reason);
    await opened.served;
    expect(opened.answer.resetCode).toBe(code);
    expect(rig.outbound.counts()).toEqual({});
    expect(warnings(rig)).toEqual([]);
  });
});

describe("a file that changes while it is sent", () => {
  const path = (rig: ServeRig): string => join(rig.library.gamesDir, GGOO, "a.eti");

  it("and gets shorter is reset, not cut", async () => {
    await using rig = await createServeRig(FILES);
    const opened = await halfRead(rig);
    await truncate(path(rig), 1_000_000);
    await expect(drain(opened)).rejects.toThrow(`reset with ${RESET.revoked}`);
    await opened.served;
  });

  it("and keeps its size is reset before its end", async () => {
    await using rig = await createServeRig(FILES);
    const opened = await halfRead(rig);
    {
      await using file = await open(path(rig), "r+");
      await file.write(Buffer.from("other bytes"), 0, 11, BYTES - 20);
    }
    await expect(drain(opened)).rejects.toThrow(`reset with ${RESET.revoked}`);
    await opened.served;
    await eventually(() => rig.library.library.snapshot().games[0]?.content_id !== undefined);
  });
});

it.each([
  ["files", 8, LARGE_ANSWER_BYTES - 1],
  ["large parts", 2, LARGE_ANSWER_BYTES],
])(
  "lets one peer have a bounded number of %s at once, and others theirs beside it",
  async (_, places, bytes) => {
    await using rig = await createServeRig(FILES);
    const stalled = await Promise.all(
      Array.from({ length: 20 }, () => rig.send(rig.chunk("a.eti", 0, bytes), { windowBytes: WINDOW })),
    );
    await eventually(() => rig.outbound.counts()[GGOO] === places);
    const other = await rig.send(rig.chunk("a.eti", 0, 1000), {
      context: { peerId: OTHER },
    });
    expect(await readFrame(other)).toEqual({ type: "file_data", size: 1000 });
    expect(await drain(other)).toBe(1000);
    await other.served;
    expect(rig.outbound.counts()[GGOO]).toBe(places);
    const sizes = stalled.map(async (opened) => {
      await readFrame(opened);
      return await drain(opened);
    });
    expect(new Set(await Promise.all(sizes))).toEqual(new Set([bytes]));
    await Promise.all(stalled.map(({ served }) => served));
    expect(rig.outbound.counts()).toEqual({});
  },
);
