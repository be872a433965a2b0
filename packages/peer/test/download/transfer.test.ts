import { open } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { DIGEST_BYTES, type PieceIndex, pieceLayout, sha256 } from "@lanspread/proto";
import { eventually, seededBytes } from "@lanspread/testkit";
import { expect, it } from "vitest";
import { MAX_STRIKES } from "../../src/download/constants.ts";
import type { Journal } from "../../src/download/journal.ts";
import { Payload } from "../../src/download/payload.ts";
import { ProgressMeter } from "../../src/download/progress.ts";
import { Transfer } from "../../src/download/transfer.ts";
import type { FinishedChunk, LaneDownload, LaneUnit } from "../../src/download/types.ts";
import { silentLogger } from "../../src/logger.ts";
import {
  createRig,
  createSource,
  type DownloadRig,
  hasWholeGame,
  MIB,
  peer,
  type SourceGame,
  VERSION,
} from "./support.ts";

const FILES = {
  "version.ini": VERSION,
  "game.eti": seededBytes(8, 2 * MIB),
  "small.eti": seededBytes(9, 1_000),
};

it("ends no fetch before the journal has taken down what may be on the disk", async () => {
  await using rig = await createRig();
  const { manifest, digests, ...game } = await rig.game({ "version.ini": VERSION });
  const layout = pieceLayout(manifest);
  const takenDown = Promise.withResolvers<void>();
  const journal = { note: async () => {}, begin: () => takenDown.promise } as Partial<Journal> as Journal;
  await using payload = new Payload({
    ...{ root: rig.root, layout, old: new Set(), touched: false, touch: async () => {} },
  });
  const chunks: FinishedChunk[] = [];
  const meter = new ProgressMeter(layout.totalBytes, 0, 0);
  const transfer = new Transfer({
    ...{ manifest, layout, digests, journal, payload, meter, lanes: null, logger: silentLogger },
    ownDigests: new Uint8Array(layout.pieceCount * DIGEST_BYTES),
    flushed: new Uint8Array(layout.pieceCount),
    sources: [createSource(peer(1), { manifest, digests, ...game })],
    signal: new AbortController().signal,
    onChunk: (chunk) => chunks.push(chunk),
    onStep: () => {},
  });
  const running = transfer.run();
  await eventually(() => meter.sample(0, 0).doneBytes === layout.totalBytes, { what: "every byte" });
  for (let turn = 0; turn < 20; turn++) await nextTurn();
  expect(chunks).toEqual([]);
  expect(transfer.busySources).toBe(1);
  takenDown.resolve();
  await running;
  expect(chunks.map(({ path }) => path)).toEqual(["version.ini"]);
});

/**
 * A lane that brings what it is asked for.
 *
 * @param isFlushed whether it says of a file that it is on the disk
 * @param flushed receives the files that it is to flush
 */
function bringingLane(
  { root }: DownloadRig,
  game: SourceGame,
  isFlushed: (path: string) => boolean,
  flushed: string[],
  onFetch: (unit: LaneUnit) => void = () => {},
): LaneDownload {
  return {
    fetch: async (asked) => {
      const { unit, pieceAt, onPiece } = asked;
      onFetch(asked);
      const bytes = game.files.get(unit.path) ?? Buffer.alloc(0);
      const pieces = Array.from({ length: unit.pieceCount }, (_, nth) =>
        pieceAt((unit.firstPiece + nth) as PieceIndex),
      );
      const file = await open(join(root, unit.path), "r+");
      for (const { offset, length } of pieces) await file.write(bytes, offset, length, offset);
      await file.close();
      // With the last piece the download may end, and with it whatever unit still has not.
      for (const { index, offset, length } of pieces)
        onPiece(index, sha256(bytes.subarray(offset, offset + length)), isFlushed(unit.path));
      return true;
    },
    flush: async (paths) => {
      flushed.push(...paths);
      return false;
    },
    make: async () => null,
    look: async () => null,
    remove: async () => null,
    [Symbol.asyncDispose]: async () => {},
  };
}

it("has those files flushed that the lane did not flush itself", async () => {
  await using rig = await createRig();
  const game = await rig.game(FILES);
  const flushed: string[] = [];
  const lane = bringingLane(rig, game, (path) => path === "small.eti", flushed);
  await rig.download(game, [createSource(peer(1), game)], { lanes: { open: () => lane } });
  expect(await hasWholeGame(rig.root, game)).toBe(true);
  expect([...new Set(flushed)]).toEqual(["game.eti"]);
});

it("lets go of a unit that has ended: the end of the download is none of its business", async () => {
  await using rig = await createRig();
  const game = await rig.game(FILES);
  const signals = new Map<string, AbortSignal>();
  const lane = bringingLane(
    rig,
    game,
    () => false,
    [],
    ({ unit, signal }) => signals.set(unit.path, signal),
  );
  const hasEnded = (path: string): boolean => rig.chunks.some((chunk) => chunk.path === path);
  // A unit whose pieces are all there has not ended yet, and the end of the download may cut that short.
  const open = (): LaneDownload => ({
    ...lane,
    fetch: async (asked) => {
      if (asked.unit.path === "game.eti") await eventually(() => hasEnded("small.eti"));
      return await lane.fetch(asked);
    },
  });
  await rig.download(game, [createSource(peer(1), game)], { lanes: { open } });
  expect(await hasWholeGame(rig.root, game)).toBe(true);
  expect([...signals.keys()].sort()).toEqual(["game.eti", "small.eti"]);
  expect(signals.get("small.eti")?.aborted).toBe(false);
});

it("puts a source out once, whatever comes wrong of what was on its way then", async () => {
  await using rig = await createRig();
  const game = await rig.game(FILES);
  const liar = peer(2);
  const lane = bringingLane(
    rig,
    game,
    () => false,
    [],
    ({ peerId, unit, onWrongPiece }) => {
      if (peerId === liar) for (let times = 0; times < 5; times++) onWrongPiece(unit.firstPiece);
    },
  );
  const sources = [createSource(peer(1), game), createSource(liar, game)];
  const result = await rig.download(game, sources, { lanes: { open: () => lane } });
  const told = (words: RegExp): number =>
    rig.log.filter(({ message, fields }) => words.test(message) && fields?.["peerId"] === liar).length;
  expect([told(/came wrong/), told(/no further part/)]).toEqual([MAX_STRIKES, 1]);
  expect(result.struckOut).toMatchObject([{ peerId: liar }]);
});
