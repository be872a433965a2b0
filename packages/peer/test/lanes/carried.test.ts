import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { eventually } from "@lanspread/testkit";
import { afterEach, beforeEach, expect, it } from "vitest";
import { offered, Party } from "../runtime/party.ts";
import {
  download,
  GAME,
  haveTheSame,
  LARGE,
  MIB,
  makeLargeGame,
  mostOutbound,
  piecesOf,
  reachLanes,
  sourceAndReceiver,
  startWithLanes,
  type ThreadWatch,
  watchThreads,
} from "./support.ts";

let party: Party;
let watch: ThreadWatch;

beforeEach(async () => {
  watch = watchThreads();
  party = await Party.make();
});

afterEach(async () => {
  await party[Symbol.asyncDispose]();
  watch[Symbol.dispose]();
});

/** 25 of the large file, one of the small one. `version.ini` has one more. */
const LANE_PIECES = 26;

/** What a lane has that says nothing for seconds comes over the control connection. */
const MOST_PIECES = LANE_PIECES / 2;

it("carries the pieces from lane to lane", async () => {
  const { source, receiver } = await sourceAndReceiver(party, watch);
  await download(receiver);
  const { sources } = await receiver.event("download-finished");
  expect(await haveTheSame(source, receiver)).toBe(true);
  expect(piecesOf(receiver.threads)).toBeGreaterThan(MOST_PIECES);
  expect(receiver.threads.map((thread) => piecesOf([thread]) > 0)).toEqual([true, true]);
  expect(source.threads.some((thread) => mostOutbound(thread) > 0)).toBe(true);
  expect(Object.keys(sources)).toEqual([source.peer.peerId]);
  // What lanes have written is flushed by lanes before it counts.
  expect(receiver.threads.some(({ told }) => told.some(({ type }) => type === "flushed"))).toBe(true);
  await eventually(() => Object.keys(source.peer.snapshot().status.outboundTransfers).length === 0, {
    what: "nothing going out",
  });
  expect(receiver.log.filter(({ level }) => level === "warn")).toEqual([]);
  expect(source.log.filter(({ level }) => level === "warn")).toEqual([]);
});

it("has the thread of the host do it where either side has no lanes", async () => {
  const { source, receiver } = await sourceAndReceiver(party, watch, { source: { lanes: 0 } });
  expect(source.threads).toEqual([]);
  await download(receiver);
  await receiver.event("download-finished");
  expect(await haveTheSame(source, receiver)).toBe(true);
  expect(piecesOf(receiver.threads)).toBe(0);
});

it("replaces an old version, whose file keeps its bytes under another name", async () => {
  const { gamesDir } = await party.folders("receiver");
  await makeLargeGame(gamesDir, {
    version: "20230101",
    sizes: { "data/world.dat": 3 * MIB, "data/gone.dat": 5 },
  });
  const { source, receiver } = await sourceAndReceiver(party, watch);
  await receiver.peer.send({ type: "download-game-files", gameId: GAME, install: false, latest: true });
  await receiver.event("download-finished");
  expect(await haveTheSame(source, receiver)).toBe(true);
  await expect(readFile(join(gamesDir, GAME, "data/gone.dat"))).rejects.toMatchObject({ code: "ENOENT" });
  expect(piecesOf(receiver.threads)).toBeGreaterThan(0);
});

it("goes on after a stop with what lanes had written", async () => {
  const { source, receiver } = await sourceAndReceiver(party, watch);
  const enough = Promise.withResolvers<void>();
  watch.onTold = () => {
    if (piecesOf(receiver.threads) >= 4) enough.resolve();
  };
  await download(receiver);
  await enough.promise;
  await receiver.peer.stop();
  expect(receiver.events.some(({ type }) => type === "download-finished")).toBe(false);
  expect(receiver.threads.every(({ isOver }) => isOver)).toBe(true);

  const again = await startWithLanes(party, watch, "receiver");
  await again.peer.send({ type: "connect", addr: source.peer.addr });
  await offered(again, GAME);
  await download(again);
  await again.event("download-finished");
  expect(await haveTheSame(source, again)).toBe(true);
  expect(piecesOf(again.threads)).toBeLessThan(LANE_PIECES - 2);
});

it("serves through lanes what is there by now, and not what was", async () => {
  const { source, receiver } = await sourceAndReceiver(party, watch);
  await download(receiver);
  await receiver.event("download-finished");
  const { gamesDir } = source;
  await writeFile(join(gamesDir, GAME, "data/small.dat"), "another content");
  const third = await startWithLanes(party, watch, "third");
  await third.peer.send({ type: "connect", addr: source.peer.addr });
  await eventually(
    async () => {
      const { manifest } = await third.peer.send({ type: "fetch-latest-from-peers", gameId: GAME });
      return (
        manifest.content_id !== null && manifest.files.some(({ size }) => size === "another content".length)
      );
    },
    { what: "the changed game" },
  );
  await reachLanes(third, third.threads);
  third.events.length = 0;
  await download(third);
  await third.event("download-finished");
  expect(await haveTheSame(source, third, LARGE)).toBe(true);
  expect(piecesOf(third.threads)).toBeGreaterThan(MOST_PIECES);
});
