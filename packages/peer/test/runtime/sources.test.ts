import {
  asGameId,
  type GameVersion,
  gameVersionSchema,
  type LibraryChange,
  type PeerId,
  parseListenAddress,
  type Request,
} from "@lanspread/proto";
import { eventually, seededBytes } from "@lanspread/testkit";
import { afterEach, beforeEach, expect, it } from "vitest";
import { createLogger, type LogEntry } from "../../src/index.ts";
import { type Lies, type LyingPeer, startLyingPeer } from "../download/lying-peer.ts";
import { createSourceGame, hasWholeGame, MIB, type SourceGame } from "../download/support.ts";
import { type Member, Party } from "./party.ts";

const GGOO = asGameId("ggoo");
const VERSION = gameVersionSchema.parse("20180412");

let party: Party;
let opened: AsyncDisposableStack;
let log: LogEntry[];

beforeEach(async () => {
  log = [];
  opened = new AsyncDisposableStack();
  party = opened.use(await Party.make());
});

afterEach(() => opened.disposeAsync());

async function makeContent(version: GameVersion = VERSION, size = 16 * MIB + 7): Promise<SourceGame> {
  const files = { "version.ini": version, "game.eti": seededBytes(Number(version), size) };
  return await createSourceGame(party.path(`content-${version}-${size}`), files, version);
}

async function source(game: SourceGame, lies: Lies = {}): Promise<LyingPeer> {
  return opened.use(await startLyingPeer(party.name, game, lies));
}

const isForArchive = (request: Request): boolean =>
  request.type === "get_game_file_chunk" && request.path === "game.eti";

/** A source that gives so many parts of the archive, and then keeps the others to itself until a word. */
async function heldSource(game: SourceGame, parts: number): Promise<{ held: LyingPeer; go(): void }> {
  const word = Promise.withResolvers<void>();
  opened.defer(() => word.resolve());
  let given = 0;
  const held = await source(game, {
    answer: async (request, truth) => {
      if (isForArchive(request) && ++given > parts) await word.promise;
      return truth;
    },
  });
  return { held, go: () => word.resolve() };
}

/** A peer that is connected to sources, and has begun to download. */
async function startDownloading(...sources: readonly { readonly addr: string }[]): Promise<Member> {
  const bravo = await party.start("bravo", {
    discovery: null,
    lanes: 0,
    logger: createLogger({ level: "info", sink: (entry) => log.push(entry) }),
  });
  await bravo.event("local-library-changed");
  for (const { addr } of sources) await bravo.peer.send({ type: "connect", addr });
  await bravo.event("list-games", ({ games: [game] }) => game?.peerCount === sources.length);
  await bravo.peer.send({ type: "download-game-files", gameId: GGOO, install: false });
  await bravo.event("download-begin");
  return bravo;
}

async function joined(peerId: PeerId): Promise<void> {
  await eventually(
    () => log.some(({ message, fields }) => message === "a source joins" && fields?.["peerId"] === peerId),
    { what: `${peerId} joins` },
  );
}

it("a peer that finishes its own download joins, and brings what a silent source was asked for", async () => {
  const game = await makeContent();
  const { held } = await heldSource(game, 1);
  const bravo = await startDownloading(held);
  const whole = await source(game);
  const charlie = await party.start("charlie", { discovery: null, lanes: 0 });
  await charlie.event("local-library-changed");
  await charlie.peer.send({ type: "connect", addr: bravo.peer.addr });
  await charlie.peer.send({ type: "connect", addr: whole.addr });
  await eventually(() => charlie.peer.snapshot().games[0]?.peerCount === 1);
  await charlie.peer.send({ type: "download-game-files", gameId: GGOO, install: false });
  await charlie.event("download-finished");

  const finished = await bravo.event("download-finished");
  await joined(charlie.peer.peerId);
  expect(finished.sources[charlie.peer.peerId]).toBeGreaterThan(0);
  expect(Object.values(finished.sources).reduce((sum, bytes) => sum + bytes, 0)).toBe(finished.bytes);
  expect(await hasWholeGame(`${bravo.gamesDir}/${GGOO}`, game)).toBe(true);
  // Silence is no lie.
  expect(finished.struckOut).toBeUndefined();
});

it("a source that leaves and comes back takes part again, and one that announces other content or another version never does", async () => {
  const game = await makeContent();
  const [first, second] = [await heldSource(game, 0), await heldSource(game, 0)];
  const leaving = second.held;
  const bravo = await startDownloading(first.held, leaving);
  await eventually(() => leaving.asked.includes("get_game_file_chunk"), { what: "a request to it" });
  for (const connection of leaving.raw.inbound) connection.close();
  await bravo.event("peer-lost", ({ peerId }) => peerId === leaving.peerId);
  const before = leaving.asked.length;

  const others = [
    await source(await makeContent(gameVersionSchema.parse("20170101"))),
    // The newest is what the next download would fetch.
    await source(await makeContent(gameVersionSchema.parse("20220202"))),
    await source(await makeContent(VERSION, MIB)),
  ];
  for (const { addr } of others) await bravo.peer.send({ type: "connect", addr });
  second.go();
  const port = parseListenAddress(bravo.peer.addr)?.port ?? 0;
  const { channel } = await leaving.raw.dial(port);
  await channel.request({ ...leaving.introduction(), type: "hello" });

  const finished = await bravo.event("download-finished");
  expect(leaving.asked.length).toBeGreaterThan(before);
  expect(finished.sources[leaving.peerId]).toBeGreaterThan(0);
  for (const { asked } of others) expect(asked).toEqual([]);
  expect(await hasWholeGame(`${bravo.gamesDir}/${GGOO}`, game)).toBe(true);
});

it("a source that had the game no longer takes part again when it announces it anew, and not before", async () => {
  const game = await makeContent();
  const { held: silent } = await heldSource(game, 0);
  let has = false;
  const removing = await source(game, {
    answer: (request, truth) => {
      if (!isForArchive(request) || has) return truth;
      return { type: "error", code: "not_downloaded", message: "it is not here", retryable: false };
    },
  });
  const bravo = await startDownloading(silent, removing);
  await eventually(
    () =>
      log.some(
        ({ message, fields }) => /no further part/.test(message) && fields?.["peerId"] === removing.peerId,
      ),
    { what: "it is left alone" },
  );
  // Something changes in the view that is not about it: it goes on announcing what it has refused.
  const { held: later } = await heldSource(game, 0);
  await bravo.peer.send({ type: "connect", addr: later.addr });
  await joined(later.peerId);
  expect(
    log.filter(
      ({ message, fields }) => message === "a source joins" && fields?.["peerId"] === removing.peerId,
    ),
  ).toEqual([]);
  const { channel } = await removing.raw.dial(parseListenAddress(bravo.peer.addr)?.port ?? 0);
  const { games } = removing.introduction().library;
  const changed = async (rev: number, change: Partial<LibraryChange>): Promise<void> => {
    const delta = { from_rev: rev - 1, to_rev: rev, added: [], updated: [], removed: [], ...change };
    await channel.request({ type: "library_delta", peer_id: removing.peerId, delta });
  };
  await changed(2, { removed: [GGOO] });
  has = true;
  await changed(3, { added: games });

  const finished = await bravo.event("download-finished");
  expect(finished.sources[removing.peerId]).toBeGreaterThan(0);
  expect(await hasWholeGame(`${bravo.gamesDir}/${GGOO}`, game)).toBe(true);
});

it("a liar of the vote does not join later, whatever it announces", async () => {
  const game = await makeContent();
  const named = (): Set<unknown> =>
    new Set(
      log.flatMap(({ message, fields }) =>
        message.includes("no part in the vote") ? [fields?.["peerId"]] : [],
      ),
    );
  let lies = 0;
  const zeros: Lies = {
    bytes: ({ type }, bytes) => {
      if (type !== "get_piece_hashes") return bytes;
      lies += 1;
      return Buffer.alloc(bytes.length);
    },
  };
  const liars = [await source(game, zeros), await source(game, zeros)];
  const word = Promise.withResolvers<void>();
  opened.defer(() => word.resolve());
  const honest = await source(game, {
    answer: async (request, truth) => {
      // It proves itself when the others have tried to.
      if (request.type === "get_piece_hashes") await eventually(() => lies === liars.length);
      if (isForArchive(request)) await word.promise;
      return truth;
    },
  });
  const bravo = await startDownloading(...liars, honest);
  await eventually(() => honest.asked.includes("get_game_file_chunk"), { what: "a request for bytes" });
  const out = liars.filter(({ peerId }) => named().has(peerId));
  expect(out).not.toEqual([]);
  // Something changes in the view: whoever offers the content now would join.
  const later = await source(game);
  await bravo.peer.send({ type: "connect", addr: later.addr });
  await joined(later.peerId);
  word.resolve();
  const finished = await bravo.event("download-finished");
  expect(new Set(finished.struckOut?.map(({ peerId }) => peerId))).toEqual(named());
  for (const { asked } of out) expect(asked.filter((type) => type.startsWith("get_game_file"))).toEqual([]);
});
