import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Answer, asGameId, type GameId, type Hash, type RuntimeCommand } from "@lanspread/proto";
import { eventually } from "@lanspread/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { buildCatalog } from "../../src/catalog/index.ts";
import { loadPartyCa } from "../../src/identity/index.ts";
import { startRawPeer } from "../peers/raw-peer.ts";
import { makeIdentity } from "../peers/support.ts";
import { contentOf, type Member, makeGame, offered, Party } from "../runtime/party.ts";

const LISTED = asGameId("quake");
/** In nobody's catalog, on both disks. */
const OUTSIDE = asGameId("doom");
/** In nobody's catalog, on the other disk alone. */
const ABROAD = asGameId("hexen");
const HASH = "ab".repeat(32) as Hash;
const FILES = ["quake.eti", "extras/manual.txt", "version.ini"];

let party: Party;

beforeEach(async () => {
  party = await Party.make();
});
afterEach(() => party[Symbol.asyncDispose]());

async function writeCatalog(name: string, ...games: readonly object[]): Promise<string> {
  const path = party.path(`${name}.json`);
  await writeFile(path, JSON.stringify({ format: 1, name, games }));
  return path;
}

const ids = (games: readonly { readonly id: GameId }[]): GameId[] => games.map(({ id }) => id);

/** Two that know each other's games: one with the catalog, which has two games, and one without, which has three. */
async function startPair(catalog: string | undefined): Promise<{ host: Member; guest: Member }> {
  const [hostFolders, guestFolders] = [await party.folders("host"), await party.folders("guest")];
  await Promise.all([LISTED, OUTSIDE].map((id) => makeGame(hostFolders.gamesDir, id)));
  await Promise.all([LISTED, OUTSIDE, ABROAD].map((id) => makeGame(guestFolders.gamesDir, id)));
  const host = await party.start("host", { discovery: null, ...(catalog === undefined ? {} : { catalog }) });
  const guest = await party.start("guest", { discovery: null });
  await guest.peer.send({ type: "connect", addr: host.peer.addr });
  const sees = async (member: Member): Promise<boolean> => {
    const { games } = await member.peer.send({ type: "list-games" });
    return games.some(({ id, peerCount }) => id === LISTED && peerCount === 1);
  };
  await eventually(async () => (await sees(host)) && (await sees(guest)), { what: "both to see the game" });
  return { host, guest };
}

/** What a peer answers to somebody who asks without having been told anything. */
async function asked(member: Member, gameId: GameId): Promise<Answer[]> {
  await using raw = await startRawPeer({ identity: await makeIdentity(await loadPartyCa()) });
  const { channel } = await raw.dial(Number(member.peer.addr.split(":")[1]));
  await channel.request(raw.hello({ party: party.name }));
  const about = { game_id: gameId, manifest_hash: HASH };
  return [
    await channel.request({ type: "get_game", game_id: gameId }),
    await channel.request({ type: "get_piece_hashes", ...about }),
    await channel.request({ type: "get_game_file_data", ...about, path: "version.ini" }),
    await channel.request({
      type: "get_game_file_chunk",
      ...about,
      path: "version.ini",
      offset: 0,
      length: 1,
    }),
  ];
}

const errorsOf = (answers: readonly Answer[]): (string | null)[] =>
  answers.map((answer) => (answer.type === "error" ? answer.code : null));

/** Every command that names a game. */
const COMMANDS = [
  "get-game",
  "fetch-latest-from-peers",
  "download-game-files",
  "install-game",
  "uninstall-game",
  "remove-downloaded-game",
  "cancel-download",
] as const satisfies readonly RuntimeCommand["type"][];

async function codeOf(
  member: Member,
  type: (typeof COMMANDS)[number],
  gameId: GameId,
): Promise<string | null> {
  try {
    await member.peer.send({ type, gameId });
    return null;
  } catch (error) {
    return error instanceof Error && "code" in error ? String(error.code) : String(error);
  }
}

describe("a game outside the catalog does not exist", () => {
  let host: Member;
  let guest: Member;

  beforeEach(async () => {
    ({ host, guest } = await startPair(await writeCatalog("party", { id: LISTED, name: "Quake" })));
  });

  it("it is not announced, whatever lies on the disk", async () => {
    const { games } = await guest.peer.send({ type: "list-games" });
    expect(games.map(({ id, peerCount }) => [id, peerCount])).toEqual([
      [OUTSIDE, 0],
      [ABROAD, 0],
      [LISTED, 1],
    ]);
    expect((await guest.peer.send({ type: "list-peers" })).peers).toMatchObject([{ gameCount: 1 }]);
    expect(ids(guest.peer.snapshot().remoteGames)).toEqual([LISTED]);
  });

  it("it is not listed, whether it is on the own disk or at others", async () => {
    const { games } = await host.peer.send({ type: "list-games" });
    expect(games).toMatchObject([{ id: LISTED, name: "Quake", downloaded: true, peerCount: 1 }]);
    expect(games).toHaveLength(1);
    expect((await host.peer.send({ type: "list-peers" })).peers).toMatchObject([{ gameCount: 1 }]);
    const snapshot = host.peer.snapshot();
    expect([ids(snapshot.games), ids(snapshot.localGames), ids(snapshot.remoteGames)]).toEqual([
      [LISTED],
      [LISTED],
      [LISTED],
    ]);
    const told = JSON.stringify(host.events);
    expect(told).toContain(LISTED);
    for (const id of [OUTSIDE, ABROAD]) expect(told).not.toContain(id);
  });

  it("it is not served, whatever somebody asks for", async () => {
    for (const id of [OUTSIDE, ABROAD]) {
      expect(errorsOf(await asked(host, id))).toEqual(Array(4).fill("not_in_catalog"));
    }
    // The others serve by their own catalog, and what is in this one is served: it is the catalog that refuses.
    expect(errorsOf(await asked(guest, OUTSIDE))).toEqual([null, ...Array(3).fill("manifest_changed")]);
    expect(errorsOf(await asked(host, LISTED))).toEqual([null, ...Array(3).fill("manifest_changed")]);
  });

  it("it is refused in every command that names a game", async () => {
    for (const type of COMMANDS) {
      const refused = type === "cancel-download" ? "nothing-to-cancel" : "not-in-catalog";
      for (const id of [OUTSIDE, ABROAD]) expect(await codeOf(host, type, id), type).toBe(refused);
      expect(await codeOf(host, type, LISTED), type).not.toBe("not-in-catalog");
    }
    expect(ids(host.peer.snapshot().localGames)).toEqual([LISTED]);
  });

  it("it appears neither with the next look at the disk nor in another games directory", async () => {
    const { gamesDir } = await party.folders("other");
    await makeGame(gamesDir, OUTSIDE);
    await host.peer.send({ type: "set-game-dir", path: gamesDir });
    expect(host.peer.snapshot().localGames).toEqual([]);
    await eventually(
      async () =>
        (await guest.peer.send({ type: "list-peers" })).peers.every(({ gameCount }) => gameCount === 0),
      { what: "the guest to see no game" },
    );
  });
});

it("without a catalog every one of these games exists", async () => {
  const { host, guest } = await startPair(undefined);
  await eventually(
    async () => {
      const { games } = await host.peer.send({ type: "list-games" });
      return ids(games).join() === [OUTSIDE, ABROAD, LISTED].join();
    },
    { what: "all games in the host's list" },
  );
  expect(ids(guest.peer.snapshot().remoteGames)).toEqual([OUTSIDE, LISTED]);
  expect(errorsOf(await asked(host, OUTSIDE))[0]).toBeNull();
  expect(await codeOf(host, "get-game", ABROAD)).toBeNull();
});

describe("the version of a catalog is the only one", () => {
  it("that is served", async () => {
    const catalog = await writeCatalog("party", { id: LISTED, name: "Quake", version: "2025.01.01" });
    const { gamesDir } = await party.folders("host");
    await makeGame(gamesDir, LISTED, "20240101");
    const host = await party.start("host", { discovery: null, catalog });
    expect(errorsOf(await asked(host, LISTED))).toEqual(Array(4).fill("version_mismatch"));
    expect(host.peer.snapshot().localGames).toMatchObject([{ id: LISTED, availability: "local_only" }]);
  });

  it("that is fetched: neither a newer one nor an older one is", async () => {
    const catalog = await writeCatalog("party", { id: LISTED, name: "Quake", version: "2025.01.01" });
    const guest = await party.start("guest", { discovery: null, catalog });
    for (const [name, version] of [
      ["older", "20240101"],
      ["newer", "20260101"],
    ] as const) {
      await makeGame((await party.folders(name)).gamesDir, LISTED, version);
      const { peer } = await party.start(name, { discovery: null });
      await guest.peer.send({ type: "connect", addr: peer.addr });
    }
    expect(await codeOf(guest, "get-game", LISTED)).toBe("no-peers-have-game");
    await guest.peer.send({ type: "download-game-files", gameId: LISTED, install: false });
    await guest.event("no-peers-have-game");
    await makeGame((await party.folders("right")).gamesDir, LISTED, "20250101");
    const right = await party.start("right", { discovery: null });
    await guest.peer.send({ type: "connect", addr: right.peer.addr });
    await offered(guest, LISTED);
    await guest.peer.send({ type: "download-game-files", gameId: LISTED, install: false });
    expect((await guest.event("download-finished")).sources).toEqual({
      [right.peer.peerId]: expect.any(Number),
    });
    expect(guest.peer.snapshot().localGames).toMatchObject([{ version: "20250101" }]);
  });
});

describe("the content of a built catalog is the only one", () => {
  it("that is fetched: a source with the same version and other bytes is refused", async () => {
    const original = (await party.folders("right")).gamesDir;
    await makeGame(original, LISTED);
    const catalog = party.path("built.json");
    await buildCatalog({ gamesDir: original, out: catalog });
    // Same names, same sizes, same version: one letter is another one.
    const forged = (await party.folders("forger")).gamesDir;
    await makeGame(forged, LISTED);
    await writeFile(join(forged, LISTED, "extras", "manual.txt"), "Read m3.\n");

    const guest = await party.start("guest", { discovery: null, catalog });
    const forger = await party.start("forger", { discovery: null });
    await guest.peer.send({ type: "connect", addr: forger.peer.addr });
    await eventually(() => forger.peer.snapshot().localGames.some(({ contentId }) => contentId !== null), {
      what: "the forger to have hashed its game",
    });
    expect(guest.peer.snapshot().remoteGames).toMatchObject([{ id: LISTED, peerCount: 1 }]);
    await guest.peer.send({ type: "download-game-files", gameId: LISTED, install: false });
    const { message } = await guest.event("no-peers-have-game");
    // Somebody has it, and the user is told why that does not count.
    expect(message).toContain(forger.peer.peerId);
    expect(await guest.peer.send({ type: "list-games" })).toMatchObject({ games: [{ downloaded: false }] });
    await expect(contentOf(guest.gamesDir, LISTED, ["version.ini"])).rejects.toMatchObject({
      code: "ENOENT",
    });

    const right = await party.start("right", { discovery: null });
    await guest.peer.send({ type: "connect", addr: right.peer.addr });
    await offered(guest, LISTED);
    await guest.peer.send({ type: "download-game-files", gameId: LISTED, install: false });
    const finished = await guest.event("download-finished");
    expect(Object.keys(finished.sources)).toEqual([right.peer.peerId]);
    expect(await contentOf(guest.gamesDir, LISTED, FILES)).toEqual(await contentOf(original, LISTED, FILES));
  });
});
