import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { asGameId } from "@lanspread/proto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createUnrarJsUnpacker, type Unpacker } from "../../src/index.ts";
import { makeGame, Party } from "./party.ts";

let party: Party;

beforeEach(async () => {
  party = await Party.make();
});

afterEach(() => party[Symbol.asyncDispose]());

describe("a command that comes before the own games are known", () => {
  it("waits for the first look at them", async () => {
    const { gamesDir } = await party.folders("alpha");
    const gameId = await makeGame(gamesDir, "quake");
    const { peer } = await party.start("alpha", { discovery: null });
    const [listed, own] = [peer.send({ type: "list-games" }), peer.send({ type: "get-game", gameId })];
    expect((await listed).games.map(({ id }) => id)).toEqual(["quake"]);
    expect((await own).manifest.game_id).toBe("quake");
  });

  it("accepts an operation on one of them", async () => {
    const { gamesDir } = await party.folders("alpha");
    const gameId = await makeGame(gamesDir, "quake");
    const alpha = await party.start("alpha", { discovery: null });
    expect(await alpha.peer.send({ type: "install-game", gameId })).toEqual({ accepted: true });
    await alpha.event("install-finished");
  });

  it("is answered at once where it is not about games", async () => {
    const { peer, events } = await party.start("alpha", { discovery: null });
    expect(await peer.send({ type: "get-peer-count" })).toEqual({ count: 0 });
    expect(events).toEqual([]);
  });

  it("is refused where the peer stops before that look", async () => {
    const { peer } = await party.start("alpha", { discovery: null });
    const listed = expect(peer.send({ type: "list-games" })).rejects.toMatchObject({ code: "shutting-down" });
    await peer.stop();
    await listed;
  });
});

describe("a peer that stops", () => {
  it("first lets its operations end, and then ends itself", async () => {
    const { gamesDir } = await party.folders("alpha");
    const gameId = asGameId("quake");
    await mkdir(join(gamesDir, gameId));
    for (const name of ["quake.eti", "version.ini"])
      await writeFile(join(gamesDir, gameId, name), "20240101");
    const unpacking = Promise.withResolvers<void>();
    const seen: unknown[] = [];
    // Unpacks nothing until it is cancelled, and then needs another moment to leave its files.
    const unpacker: Unpacker = {
      ...createUnrarJsUnpacker(),
      list: async () => ({ solid: false, entries: [], unpackedBytes: 0, volumes: [] }),
      unpack: async ({ signal }) => {
        unpacking.resolve();
        await new Promise((resolve) => signal?.addEventListener("abort", resolve, { once: true }));
        await nextTurn();
        seen.push((await alpha.peer.send({ type: "status" })).operations);
        throw signal?.reason;
      },
    };
    const alpha = await party.start("alpha", { discovery: null, unpacker });
    await alpha.peer.send({ type: "install-game", gameId });
    await unpacking.promise;
    await alpha.peer.stop();
    expect(seen).toEqual([[{ gameId, kind: "installing" }]]);
    // The library may have learned a game's digests since.
    const told = alpha.events.filter(({ type }) => type !== "local-library-changed");
    expect(told.slice(-2)).toEqual([
      { type: "active-operations-changed", operations: [] },
      { type: "install-failed", gameId, code: "shutting-down", message: expect.any(String) },
    ]);
  });
});
