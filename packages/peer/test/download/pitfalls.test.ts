import { open as openFile } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { type PieceIndex, sha256 } from "@lanspread/proto";
import { eventually, seededBytes } from "@lanspread/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { SAMPLE_INTERVAL_MS } from "../../src/download/constants.ts";
import type { LaneDownload } from "../../src/download/index.ts";
import { MAX_UNIT_BYTES } from "../../src/download/plan/constants.ts";
import {
  type Behaviour,
  createRig,
  createSource,
  type DownloadRig,
  hasWholeGame,
  MIB,
  peer,
  type SourceGame,
} from "./support.ts";

const ARCHIVE_BYTES = 20 * MIB + 7;

let rig: DownloadRig;
let game: SourceGame;

beforeEach(async () => {
  rig = await createRig();
  game = await rig.game({ "version.ini": "20180412", "game.eti": seededBytes(5, ARCHIVE_BYTES) });
});

afterEach(() => rig[Symbol.asyncDispose]());

/** Calls `act` for each request for a part of the archive, and waits for it. */
function onArchive(act: (nth: number) => unknown): Behaviour {
  let count = 0;
  return {
    onRequest: async (request) => {
      if (request.type !== "get_game_file_chunk" || request.path !== "game.eti") return undefined;
      count += 1;
      await act(count);
      return undefined;
    },
  };
}

it("there is no request-wait-request per chunk: the next ones are asked for before the first has come", async () => {
  let asked = 0;
  const source = createSource(
    peer(1),
    game,
    onArchive(async () => {
      asked += 1;
      await eventually(() => asked > 1, { what: "a second request before the first is answered" });
    }),
  );
  await rig.download(game, [source]);
  expect(await hasWholeGame(rig.root, game)).toBe(true);
  // A request that waited in vain for the second one has failed.
  expect(rig.log.filter(({ message }) => message === "a source failed")).toEqual([]);
});

it("a first request that fails does not skip the retry", async () => {
  const source = createSource(peer(1), game, {
    onRequest: async () => {
      if (source.requests.length === 1) throw new Error("the connection could not be had");
      return undefined;
    },
  });
  await rig.download(game, [source]);
  expect(await hasWholeGame(rig.root, game)).toBe(true);
});

it("a large test file spans several chunks, units and flushed pieces, and ends unevenly", async () => {
  const source = createSource(peer(1), game);
  await rig.download(game, [source]);
  const parts = source.requests.flatMap((request) =>
    request.type === "get_game_file_chunk" && request.path === "game.eti" ? [request] : [],
  );
  expect(ARCHIVE_BYTES).toBeGreaterThan(2 * MAX_UNIT_BYTES);
  expect(parts.length).toBeGreaterThan(2);
  expect(parts.reduce((sum, { length }) => sum + length, 0)).toBe(ARCHIVE_BYTES);
  expect(parts.some(({ length }) => length % game.manifest.piece_size !== 0)).toBe(true);
  expect(rig.chunks.filter(({ path }) => path === "game.eti").length).toBeGreaterThan(2);
});

/** A lane that brings every piece twice, as two sources near the end do. */
function bringingTwice(root: string): LaneDownload {
  return {
    fetch: async ({ unit, pieceAt, onBytes, onPiece }) => {
      const bytes = game.files.get(unit.path) ?? Buffer.alloc(0);
      await using file = await openFile(join(root, unit.path), "r+");
      for (let nth = 0; nth < unit.pieceCount; nth++) {
        const { index, offset, length } = pieceAt((unit.firstPiece + nth) as PieceIndex);
        const piece = bytes.subarray(offset, offset + length);
        await file.write(piece, 0, length, offset);
        onBytes(2 * length);
        for (let time = 0; time < 2; time++) onPiece(index, sha256(piece), false);
      }
      return true;
    },
    flush: async () => false,
    make: async () => null,
    look: async () => null,
    remove: async () => null,
    [Symbol.asyncDispose]: async () => {},
  };
}

describe("the progress", () => {
  it("does not count retried chunks twice, whatever comes wrong, breaks off or comes from two", async () => {
    const failing = createSource(peer(1), game, {
      ...onArchive((nth) => {
        if (nth === 2) throw new Error("the connection was lost");
      }),
      onBytes: (path, offset, bytes) => {
        const at = 5 * MIB - offset;
        if (path !== "game.eti" || at < 0 || at >= bytes.length) return bytes;
        const wrong = Buffer.from(bytes);
        wrong[at] = (wrong[at] ?? 0) ^ 1;
        return wrong;
      },
    });
    const slow = createSource(
      peer(2),
      game,
      onArchive(() => eventually(() => failing.requests.length > 3, { what: "the other one's work" })),
    );
    const result = await rig.download(game, [failing, slow]);
    expect(result.retried).toBeGreaterThan(0);
    expect(await hasWholeGame(rig.root, game)).toBe(true);
    const runs = rig.chunks.map(({ path, offset, length }) => ({ path, from: offset, to: offset + length }));
    const archive = runs.filter(({ path }) => path === "game.eti").sort((a, b) => a.from - b.from);
    let end = 0;
    for (const { from, to } of archive) {
      expect(from).toBe(end);
      end = to;
    }
    expect(end).toBe(ARCHIVE_BYTES);
    const done = rig.samples.map(({ doneBytes }) => doneBytes);
    expect(done[0]).toBe(0);
    expect(done.at(-1)).toBe(result.bytes);
    expect(done).toEqual(done.toSorted((a, b) => a - b));
    expect(Object.values(result.sources).reduce((sum, bytes) => sum + bytes, 0)).toBe(result.bytes);

    await using other = await createRig();
    const lanes = { open: bringingTwice };
    const { sources, bytes } = await other.download(game, [createSource(peer(1), game)], { lanes });
    expect(await hasWholeGame(other.root, game)).toBe(true);
    expect(sources).toEqual({ [peer(1)]: bytes });
    expect(other.samples.at(-1)).toMatchObject({ doneBytes: bytes });
    expect(other.chunks.reduce((sum, { length }) => sum + length, 0)).toBe(bytes);
  });

  it("does not come in a burst of what was missed after a stall", async () => {
    const missed = 6;
    const { promise: stalled, resolve } = Promise.withResolvers<void>();
    const { promise: goesOn, resolve: goOn } = Promise.withResolvers<void>();
    const source = createSource(
      peer(1),
      game,
      onArchive(() => {
        resolve();
        return goesOn;
      }),
    );
    const download = rig.download(game, [source]);
    await stalled;
    const before = rig.samples.length;
    // The whole process stands still, as a machine that sleeps.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, (missed + 0.5) * SAMPLE_INTERVAL_MS);
    const resumed = performance.now();
    for (let turn = 0; turn < 10; turn++) await nextTurn();
    // One for all that were missed, and those that have become due since: a busy machine may need long for some turns.
    const since = (performance.now() - resumed) / SAMPLE_INTERVAL_MS;
    expect(rig.samples.length - before).toBeLessThan(missed / 2 + since);
    goOn();
    await download;
    expect(rig.samples.at(-1)).toMatchObject({ doneBytes: rig.samples.at(-1)?.totalBytes, etaSeconds: 0 });
  });
});
