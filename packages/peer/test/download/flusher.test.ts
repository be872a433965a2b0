import { mkdir } from "node:fs/promises";
import { setImmediate as nextTurn } from "node:timers/promises";
import { gameVersionSchema, hashSchema, type PieceIndex, pieceLayout } from "@lanspread/proto";
import { temporaryDirectory } from "@lanspread/testkit";
import { afterEach, describe, expect, it, vi } from "vitest";
import { FLUSH_BYTES, FLUSH_INTERVAL_MS, FLUSH_PIECES } from "../../src/download/constants.ts";
import { Flusher } from "../../src/download/flusher.ts";
import { openJournal, readJournal } from "../../src/download/journal.ts";
import type { JournalRecord } from "../../src/download/journal-record.ts";
import { Payload } from "../../src/download/payload.ts";
import type { PieceRun } from "../../src/download/pieces-file.ts";
import { openStateDir } from "../../src/storage/index.ts";
import { GGOO } from "./support.ts";

/** Pieces 0 to 3, and the one of `version.ini`: 4. */
const FILES = [
  { path: "game.eti", size: 16 },
  { path: "version.ini", size: 3 },
];
const PIECE_SIZE = 4;

/** The files of a download, at whose flushes something happens. */
class WatchedPayload extends Payload {
  readonly flushes: number[][] = [];
  whileFlushing: () => void = () => {};
  fails: Error | null = null;
  /** Every flush takes until then. */
  until: Promise<void> = Promise.resolve();
  /** Flushes that were begun. */
  begun = 0;

  override async flush(fileIndices: Iterable<number>): Promise<void> {
    const indices = [...fileIndices];
    this.begun += 1;
    if (this.fails !== null) throw this.fails;
    await this.until;
    await super.flush(indices);
    this.flushes.push(indices);
    this.whileFlushing();
    this.whileFlushing = () => {};
  }
}

async function createRig(files = FILES, pieceSize = PIECE_SIZE) {
  const dir = await temporaryDirectory();
  const root = dir.join("ggoo");
  await mkdir(root);
  const stateDir = await openStateDir(dir.join("state"));
  const layout = pieceLayout({ piece_size: pieceSize, files });
  const record: JournalRecord = {
    gameId: GGOO,
    root,
    version: gameVersionSchema.parse("20180412"),
    manifestHash: hashSchema.parse("ab".repeat(32)),
    contentId: null,
    pieceSize,
    oldSentinel: false,
    touched: false,
    files: files.map((file) => ({ ...file, old: false })),
    oldFiles: [],
  };
  const nothing = { done: new Uint8Array(layout.pieceCount), begun: [] };
  const journal = await openJournal(stateDir, record, nothing, false);
  const payload = new WatchedPayload({
    root,
    layout,
    old: new Set(),
    touched: false,
    touch: async () => {},
  });
  await payload.create(false);
  const flushed = new Uint8Array(layout.pieceCount);
  const inFlight: PieceRun[] = [];
  const errors: unknown[] = [];
  let onFlushed = (): void => {};
  const flusher = new Flusher({
    layout,
    journal,
    payload,
    flushed,
    inFlight: () => [...inFlight],
    onFlushed: () => onFlushed(),
    onError: (error) => errors.push(error),
  });
  return {
    payload,
    flushed,
    flusher,
    inFlight,
    onFlushed: (call: () => void) => {
      onFlushed = call;
    },
    /** What failed beside the transfer. */
    errors,
    /** Writes a piece, as a transfer does when it is verified. */
    write: async (piece: number) => {
      const { fileIndex, offset, length } = layout.pieceAt(piece as PieceIndex);
      await payload.write(fileIndex, Buffer.alloc(length, "x"), offset);
      flusher.wrote(piece as PieceIndex);
    },
    /** What a program that starts now would know. */
    noted: async () => {
      const found = await readJournal(stateDir, GGOO);
      if (found.status !== "found") throw new Error(found.status);
      return { done: [...found.pieces.done], begun: found.pieces.begun };
    },
    [Symbol.asyncDispose]: async () => {
      await flusher[Symbol.asyncDispose]();
      await payload[Symbol.asyncDispose]();
      await journal[Symbol.asyncDispose]();
      await dir[Symbol.asyncDispose]();
    },
  };
}

describe("what is noted of a flush", () => {
  it("are the pieces that were written before it, once their file is flushed", async () => {
    await using rig = await createRig();
    await rig.write(0);
    await rig.write(2);
    expect((await rig.noted()).done).toEqual([0, 0, 0, 0, 0]);
    await rig.flusher.flush();
    expect(rig.payload.flushes).toEqual([[0]]);
    expect([...rig.flushed]).toEqual([1, 0, 1, 0, 0]);
    expect(await rig.noted()).toEqual({ done: [1, 0, 1, 0, 0], begun: [] });
  });

  it("are also the runs under way: pieces of theirs may be on disk after a kill", async () => {
    await using rig = await createRig();
    await rig.write(0);
    rig.inFlight.push({ first: 1, count: 2 });
    rig.payload.whileFlushing = () => rig.inFlight.push({ first: 3, count: 1 });
    await rig.flusher.flush();
    expect(await rig.noted()).toEqual({
      done: [1, 0, 0, 0, 0],
      begun: [
        { first: 1, count: 2 },
        { first: 3, count: 1 },
      ],
    });
  });

  it("are the pieces that came while it went on, as begun: the next flush makes them sure", async () => {
    await using rig = await createRig();
    await rig.write(0);
    rig.payload.whileFlushing = () => rig.flusher.wrote(3 as PieceIndex);
    await rig.flusher.flush();
    expect(await rig.noted()).toEqual({ done: [1, 0, 0, 0, 0], begun: [{ first: 3, count: 1 }] });
    await rig.flusher.flush();
    expect(await rig.noted()).toEqual({ done: [1, 0, 0, 1, 0], begun: [] });
  });

  it("is never version.ini, which is not on disk yet", async () => {
    await using rig = await createRig();
    rig.flusher.wrote(4 as PieceIndex);
    await rig.flusher.flush();
    expect(rig.payload.flushes).toEqual([[]]);
    expect((await rig.noted()).done).toEqual([0, 0, 0, 0, 0]);
  });
});

it("a flush comes by itself, before its time where 256 MiB wait for it", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  try {
    const files = [{ path: "game.eti", size: 2 * FLUSH_BYTES }, ...FILES.slice(1)];
    await using rig = await createRig(files, FLUSH_BYTES / 2);
    rig.flusher.wrote(0 as PieceIndex);
    expect(vi.getTimerCount()).toBe(1);
    expect(rig.payload.begun).toBe(0);
    rig.flusher.wrote(2 as PieceIndex);
    expect(rig.payload.begun).toBe(1);
    await rig.flusher.flush();
    expect((await rig.noted()).done).toEqual([1, 0, 1, 0, 0]);
  } finally {
    vi.useRealTimers();
  }
});

it("a flush that takes longer than the time between two is followed by the next one at once", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  try {
    await using rig = await createRig();
    const slow = Promise.withResolvers<void>();
    const noted = Promise.withResolvers<void>();
    rig.payload.until = slow.promise;
    rig.onFlushed(() => {
      if (rig.flushed[1] === 1) noted.resolve();
    });
    await rig.write(0);
    vi.advanceTimersByTime(FLUSH_INTERVAL_MS);
    expect(rig.payload.begun).toBe(1);
    await rig.write(1);
    vi.advanceTimersByTime(FLUSH_INTERVAL_MS);
    expect(rig.payload.begun).toBe(1);
    slow.resolve();
    await noted.promise;
    expect((await rig.noted()).done).toEqual([1, 1, 0, 0, 0]);
  } finally {
    vi.useRealTimers();
  }
});

describe("a flush of many small files", () => {
  const files = [{ path: "game.eti", size: 3 * FLUSH_PIECES * PIECE_SIZE }, ...FILES.slice(1)];
  const wrote = (flusher: Flusher, from: number): void => {
    for (let piece = from; piece < from + FLUSH_PIECES; piece++) flusher.wrote(piece as PieceIndex);
  };
  const doneOf = ({ done }: { readonly done: readonly number[] }): number => done.filter(Boolean).length;

  it("comes before its time", async () => {
    await using rig = await createRig(files);
    wrote(rig.flusher, 1);
    expect(rig.payload.begun).toBe(1);
    await rig.flusher.flush();
    expect(doneOf(await rig.noted())).toBe(FLUSH_PIECES);
  });

  it("is waited for where it begins as another one ends: nothing counts as flushed before", async () => {
    await using rig = await createRig(files);
    wrote(rig.flusher, 0);
    rig.payload.whileFlushing = () => {
      rig.payload.writtenByOthers(0);
      wrote(rig.flusher, FLUSH_PIECES);
    };
    await rig.flusher.flush();
    expect(doneOf(await rig.noted())).toBe(2 * FLUSH_PIECES);
    expect(rig.flushed.filter(Boolean).length).toBe(2 * FLUSH_PIECES);
  });
});

describe("a flush that fails", () => {
  const lost = new Error("the disk took none of it");

  afterEach(() => {
    vi.useRealTimers();
  });

  it("ends the noting: the system may say the next time that what it lost is written", async () => {
    await using rig = await createRig();
    await rig.write(0);
    rig.payload.fails = lost;
    await expect(rig.flusher.flush()).rejects.toBe(lost);
    rig.payload.fails = null;
    await rig.write(1);
    await expect(rig.flusher.flush()).rejects.toBe(lost);
    expect([...rig.flushed]).toEqual([0, 0, 0, 0, 0]);
    expect((await rig.noted()).done).toEqual([0, 0, 0, 0, 0]);
  });

  it("is told once, however many pieces wait behind it, and keeps nothing else from running", async () => {
    const files = [{ path: "game.eti", size: 3 * FLUSH_PIECES * PIECE_SIZE }, ...FILES.slice(1)];
    await using rig = await createRig(files);
    rig.payload.fails = lost;
    for (let piece = 0; piece < 2 * FLUSH_PIECES + 1; piece++) rig.flusher.wrote(piece as PieceIndex);
    await nextTurn();
    expect(rig.errors).toEqual([lost]);
    expect(rig.payload.begun).toBe(1);
    await expect(rig.flusher.flush()).rejects.toBe(lost);
  });

  it("beside the transfer, while its last piece comes, lets nobody take all for flushed", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    await using rig = await createRig();
    await rig.write(0);
    rig.payload.fails = lost;
    vi.advanceTimersByTime(FLUSH_INTERVAL_MS);
    rig.payload.fails = null;
    await expect(rig.flusher.flush()).rejects.toBe(lost);
    expect(rig.errors).toEqual([lost]);
    expect((await rig.noted()).done).toEqual([0, 0, 0, 0, 0]);
  });
});
