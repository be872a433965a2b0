import { writeFile } from "node:fs/promises";
import { asGameId } from "@lanspread/proto";
import { eventuallyPasses } from "@lanspread/testkit";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { loadPartyCa } from "../../src/identity/index.ts";
import { createMemorySegment } from "../peers/memory-discovery.ts";
import { startRawPeer } from "../peers/raw-peer.ts";
import { makeIdentity } from "../peers/support.ts";
import { type Member, makeGame, Party } from "./party.ts";
import { patientUnpacker } from "./patient-unpacker.ts";

const QUAKE = asGameId("quake");
const DOOM = asGameId("doom");

const LARGE_BYTES = 64 * 1024 * 1024;

let party: Party;

beforeEach(async () => {
  party = await Party.make();
});

afterEach(() => party[Symbol.asyncDispose]());

async function writeCatalog(name: string, games: readonly object[]): Promise<string> {
  const path = party.path(`${name}.json`);
  await writeFile(path, JSON.stringify({ format: 1, name, games }));
  return path;
}

/** Starts a peer with one game, which is connected to `to`. */
async function join(
  to: Member,
  name: string,
  game: { readonly id: string; readonly version: string },
  options: Parameters<Party["start"]>[1] = {},
): Promise<Member> {
  const { gamesDir } = await party.folders(name);
  await makeGame(gamesDir, game.id, game.version);
  const member = await party.start(name, { discovery: null, ...options });
  await member.event("local-library-changed");
  await member.peer.send({ type: "connect", addr: to.peer.addr });
  return member;
}

describe("the view of all games", () => {
  it("has the newest version that somebody can serve, and counts nobody who is older, busy, unwilling or of another game", async () => {
    const { gamesDir } = await party.folders("alpha");
    await makeGame(gamesDir, "quake", "20230101");
    const ownUnpacker = patientUnpacker();
    const alpha = await party.start("alpha", {
      discovery: null,
      catalog: await writeCatalog("alpha", [
        { id: "quake", name: "Quake III Arena" },
        { id: "doom", name: "Doom" },
      ]),
      unpacker: ownUnpacker,
    });
    await alpha.event("local-library-changed");
    const unpacker = patientUnpacker();
    const newest = await join(alpha, "newest", { id: "quake", version: "20250101" });
    const older = await join(alpha, "older", { id: "quake", version: "20240101" });
    const busy = await join(alpha, "busy", { id: "quake", version: "20250101" }, { unpacker });
    const unwilling = await join(
      alpha,
      "unwilling",
      { id: "quake", version: "20260101" },
      { catalog: await writeCatalog("unwilling", [{ id: "quake", name: "Quake", version: "20200101" }]) },
    );
    await join(alpha, "stranger", { id: "elsewhere", version: "20250101" });
    const versions = (): Record<string, string> =>
      Object.fromEntries(alpha.peer.snapshot().remoteGames.flatMap((game) => [...game.versions]));
    const view = async () => (await alpha.peer.send({ type: "list-games" })).games;
    const [own] = alpha.peer.snapshot().localGames;
    if (own === undefined) throw new Error("alpha has a game");
    const everybody = {
      [newest.peer.peerId]: "20250101",
      [older.peer.peerId]: "20240101",
      [busy.peer.peerId]: "20250101",
      [unwilling.peer.peerId]: "20260101",
    };
    const quake = {
      id: QUAKE,
      name: "Quake III Arena",
      version: "20250101",
      size: own.size,
      downloaded: true,
      installed: false,
      localVersion: "20230101",
      availability: "ready",
      peerCount: 2,
      operation: null,
    };
    await eventuallyPasses(() => expect(versions()).toEqual(everybody));
    expect(await view()).toEqual([quake]);

    await busy.peer.send({ type: "install-game", gameId: QUAKE });
    await unpacker.begun;
    await eventuallyPasses(async () => expect(await view()).toEqual([{ ...quake, peerCount: 1 }]));
    expect(Object.keys(versions())).not.toContain(busy.peer.peerId);
    unpacker.go();
    await eventuallyPasses(async () => expect(await view()).toEqual([quake]));
    expect(versions()).toEqual(everybody);

    await newest.peer.stop();
    await busy.peer.stop();
    // The newest version that is there can be had from nobody, so the older one is what counts.
    await eventuallyPasses(async () =>
      expect(await view()).toEqual([{ ...quake, version: "20240101", peerCount: 1 }]),
    );
    await older.peer.stop();
    await eventuallyPasses(async () =>
      expect(await view()).toEqual([{ ...quake, version: "20260101", peerCount: 0 }]),
    );

    await alpha.peer.send({ type: "install-game", gameId: QUAKE });
    await ownUnpacker.begun;
    expect(await view()).toMatchObject([
      { id: "quake", availability: "local_only", installed: false, operation: "installing" },
    ]);
    ownUnpacker.go();
    await alpha.event("install-finished");
    expect(await view()).toMatchObject([
      { id: "quake", availability: "ready", installed: true, localVersion: "20230101", operation: null },
    ]);
    await alpha.peer.send({ type: "uninstall-game", gameId: QUAKE });
    await alpha.event("uninstall-finished");
    expect(await view()).toMatchObject([{ downloaded: true, installed: false }]);
  });

  it("is the same list in its event, in the answer to list-games and in the snapshot", async () => {
    const alpha = await party.start("alpha", { discovery: null });
    await join(alpha, "bravo", { id: "quake", version: "20250101" });
    const { games } = await alpha.event("list-games", (event) => event.games.length === 1);
    expect(games).toMatchObject([{ id: "quake", downloaded: false, localVersion: null, availability: null }]);
    expect((await alpha.peer.send({ type: "list-games" })).games).toEqual(alpha.peer.snapshot().games);
    await eventuallyPasses(() => {
      const last = alpha.events.findLast((event) => event.type === "list-games");
      expect(alpha.peer.snapshot().games).toEqual(last?.games);
    });
  });
});

describe("the view of all peers", () => {
  it("says of each its name, its address, its revision and its games of the own catalog", async () => {
    const alpha = await party.start("alpha", {
      discovery: null,
      catalog: await writeCatalog("alpha", [{ id: "quake", name: "Quake" }]),
    });
    const bravo = await join(alpha, "bravo", { id: "quake", version: "20250101" });
    const charlie = await join(alpha, "charlie", { id: "elsewhere", version: "20250101" });
    await eventuallyPasses(async () => {
      const { peers } = await alpha.peer.send({ type: "list-peers" });
      const expected = [bravo, charlie].map(({ peer }) => ({
        peerId: peer.peerId,
        name: peer.snapshot().status.name,
        addr: peer.addr,
        libraryRev: peer.snapshot().status.libraryRev,
        gameCount: peer === bravo.peer ? 1 : 0,
      }));
      expect(peers).toEqual(expected.sort((a, b) => (a.peerId < b.peerId ? -1 : 1)));
    });
    expect(await alpha.peer.send({ type: "get-peer-count" })).toEqual({ count: 2 });
  });

  it("shows a peer that moved at its new address, once", async () => {
    const segment = createMemorySegment();
    const alpha = await party.start("alpha", { discovery: segment.factory });
    const bravo = await party.start("bravo", { discovery: segment.factory });
    const { peerId } = bravo.peer;
    const addresses = () => alpha.peer.snapshot().peers.map((peer) => [peer.peerId, peer.addr]);
    await alpha.event("peer-discovered");
    expect(addresses()).toEqual([[peerId, bravo.peer.addr]]);

    // Another address of the same process, as after a change of networks.
    const record = segment.records().find((seen) => seen.peerId === peerId);
    if (record === undefined) throw new Error("bravo is not announced");
    segment.plant({ ...record, addresses: [{ host: "127.0.0.77", port: 4_077 }] });
    const moved = await alpha.event("peer-updated", ({ addr }) => addr === "127.0.0.77:4077");
    expect(moved.peerId).toBe(peerId);
    expect(addresses()).toEqual([[peerId, "127.0.0.77:4077"]]);

    // Another process with the same identity.
    await bravo.peer.stop();
    const again = await party.start("bravo", { discovery: segment.factory });
    expect(again.peer.peerId).toBe(peerId);
    await eventuallyPasses(() => expect(addresses()).toEqual([[peerId, again.peer.addr]]));
    expect((await alpha.peer.send({ type: "list-peers" })).peers).toMatchObject([
      { peerId, addr: again.peer.addr },
    ]);
  });
});

describe("the status", () => {
  it("says who and where this peer is, and what it is busy with", async () => {
    const { gamesDir } = await party.folders("alpha");
    await makeGame(gamesDir, "quake");
    await makeGame(gamesDir, "doom");
    // More than can be on its way.
    await writeFile(`${gamesDir}/doom/large.dat`, new Uint8Array(LARGE_BYTES));
    const unpacker = patientUnpacker();
    const alpha = await party.start("alpha", { discovery: null, unpacker });
    // Told when it is published: what is shown may be a revision ahead.
    await alpha.event(
      "local-library-changed",
      ({ games }) => games.length === 2 && games.every(({ contentId }) => contentId !== null),
    );
    const status = () => alpha.peer.send({ type: "status" });
    const idle = await status();
    expect(idle).toEqual({
      peerId: alpha.peer.peerId,
      name: "alpha",
      party: party.name,
      addr: alpha.peer.addr,
      lanes: expect.arrayContaining([expect.any(Number)]),
      gamesDir,
      libraryRev: alpha.events.findLast((event) => event.type === "local-library-changed")?.libraryRev,
      operations: [],
      outboundTransfers: {},
      rssBytes: expect.any(Number),
    });
    expect(idle.rssBytes / process.memoryUsage.rss()).toBeCloseTo(1, 0);

    // A reader that has asked for a file and reads nothing of it.
    await using reader = await startRawPeer({ identity: await makeIdentity(await loadPartyCa()) });
    const { connection, channel } = await reader.dial(Number(alpha.peer.addr.split(":")[1]));
    await channel.request(reader.hello({ party: party.name }));
    const manifest = (await alpha.peer.send({ type: "get-game", gameId: DOOM })).manifest;
    const { answer } = await channel.requestData({
      type: "get_game_file_data",
      game_id: DOOM,
      manifest_hash: manifest.manifest_hash,
      path: "large.dat",
    });
    expect(answer.type).not.toBe("error");
    await alpha.peer.send({ type: "install-game", gameId: QUAKE });
    await unpacker.begun;
    expect(await status()).toMatchObject({
      operations: [{ gameId: "quake", kind: "installing" }],
      outboundTransfers: { doom: 1 },
    });
    // Leaving the announcement was a revision of its own.
    expect((await status()).libraryRev).toBe(idle.libraryRev + 1);

    connection.close(0, "read enough");
    unpacker.go();
    await alpha.event("install-finished");
    await eventuallyPasses(async () => {
      const { operations, outboundTransfers } = await status();
      expect([operations, outboundTransfers]).toEqual([[], {}]);
    });
    expect((await status()).libraryRev).toBe(idle.libraryRev + 2);

    const { gamesDir: other } = await party.folders("other");
    await alpha.peer.send({ type: "set-game-dir", path: other });
    expect((await status()).gamesDir).toBe(other);
  });
});

describe("the status", () => {
  it("has everything else where the system does not tell how much memory is used, for want of open files", async () => {
    const member = await party.start("alpha");
    expect((await member.peer.send({ type: "status" })).rssBytes).toBeGreaterThan(1_000_000);
    const rss = vi.spyOn(process.memoryUsage, "rss").mockImplementation(() => {
      throw new Error("EMFILE: too many open files, uv_resident_set_memory");
    });
    try {
      expect(await member.peer.send({ type: "status" })).toMatchObject({ name: "alpha", rssBytes: 0 });
      expect(member.peer.snapshot().status.gamesDir).toBe(member.gamesDir);
    } finally {
      rss.mockRestore();
    }
  });
});
