import { existsSync, readdirSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import {
  type Answer,
  asGameId,
  gameVersionSchema,
  type Request,
  type RuntimeEvent,
  type RuntimeEventType,
} from "@lanspread/proto";
import { eventually, eventuallyPasses, seededBytes } from "@lanspread/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Lies, type LyingPeer, startLyingPeer } from "../download/lying-peer.ts";
import { createSourceGame, hasWholeGame, MIB, type SourceGame } from "../download/support.ts";
import { type Member, offered, Party } from "./party.ts";

const GGOO = asGameId("ggoo");
const OLD = gameVersionSchema.parse("20180412");
const NEW = gameVersionSchema.parse("20210101");

let party: Party;
let opened: AsyncDisposableStack;

beforeEach(async () => {
  opened = new AsyncDisposableStack();
  party = opened.use(await Party.make());
});

afterEach(() => opened.disposeAsync());

/** A game in a folder of its own; its bytes are told by its version. */
async function makeContent(version = OLD, root = party.path(`content-${version}`)): Promise<SourceGame> {
  const files = { "version.ini": version, "game.eti": seededBytes(Number(version), 3 * MIB + 7) };
  return await createSourceGame(root, files, version);
}

async function source(game: SourceGame, lies: Lies = {}): Promise<LyingPeer> {
  return opened.use(await startLyingPeer(party.name, game, lies));
}

/** A source that keeps the archive to itself until a word. */
async function heldSource(game: SourceGame): Promise<{ held: LyingPeer; asked: Promise<void>; go(): void }> {
  const word = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  const held = await source(game, {
    answer: async (request, truth) => {
      if (isForArchive(request)) {
        asked.resolve();
        await word.promise;
      }
      return truth;
    },
  });
  opened.defer(() => word.resolve());
  return { held, asked: asked.promise, go: () => word.resolve() };
}

function isForArchive(request: Request): boolean {
  return request.type === "get_game_file_chunk" && request.path === "game.eti";
}

/** A peer that is connected to sources and sees what each has. */
async function startJoined(name: string, ...sources: readonly { readonly addr: string }[]): Promise<Member> {
  const member = await party.start(name, { discovery: null, lanes: 0 });
  await member.event("local-library-changed");
  for (const { addr } of sources) await member.peer.send({ type: "connect", addr });
  return member;
}

const ENDS: ReadonlySet<RuntimeEventType> = new Set([
  "download-finished",
  "download-failed",
  "download-cancelled",
  "download-peers-gone",
  "no-peers-have-game",
]);

const ends = ({ events }: Member): RuntimeEvent[] => events.filter(({ type }) => ENDS.has(type));

async function ended(member: Member): Promise<RuntimeEvent> {
  return await eventually(() => ends(member)[0], { what: "the end of a download" });
}

function download(member: Member, more: { readonly latest?: boolean } = {}): Promise<unknown> {
  return member.peer.send({ type: "download-game-files", gameId: GGOO, install: false, ...more });
}

it("a failed chunk costs no new connection", async () => {
  const game = await makeContent();
  let failures = 2;
  const busy: Answer = { type: "error", code: "busy", message: "later", retryable: true };
  const alpha = await source(game, {
    answer: async (request, truth) => (isForArchive(request) && failures-- > 0 ? busy : truth),
    bytes: (request, bytes) => (isForArchive(request) && failures-- === 0 ? bytes.subarray(1) : bytes),
  });
  const bravo = await startJoined("bravo", alpha);
  await download(bravo);
  expect(await ended(bravo)).toMatchObject({ type: "download-finished" });
  expect(failures).toBeLessThan(0);
  expect(alpha.raw.inbound).toHaveLength(1);
});

it("an update is not answered from the own disk", async () => {
  const alpha = await source(await makeContent(NEW));
  const { gamesDir } = await party.folders("bravo");
  await makeContent(OLD, rootIn(gamesDir));
  const bravo = await startJoined("bravo", alpha);
  await download(bravo);
  expect(await ended(bravo)).toMatchObject({ type: "download-finished", bytes: 0 });
  bravo.events.length = 0;
  await download(bravo, { latest: true });
  const finished = await ended(bravo);
  expect(finished).toMatchObject({ type: "download-finished", sources: { [alpha.peerId]: 3 * MIB + 7 + 8 } });
  expect(bravo.peer.snapshot().localGames).toMatchObject([{ id: GGOO, version: NEW, downloaded: true }]);
});

it("cached manifests of peers on an old version are not used in the plan", async () => {
  const { gamesDir } = await party.folders("alpha");
  await makeContent(OLD, rootIn(gamesDir));
  const alpha = await party.start("alpha", { discovery: null });
  const stale = await source(await makeContent(OLD));
  const bravo = await startJoined("bravo", alpha.peer, stale);
  await offered(bravo, GGOO);
  const known = await bravo.peer.send({ type: "get-game", gameId: GGOO });
  expect(known.manifest.version).toBe(OLD);
  const asked = stale.asked.length;

  const update = await makeContent(NEW, rootIn(gamesDir));
  await bravo.event("list-games", ({ games }) => games.some(({ version }) => version === NEW));
  await download(bravo);
  expect(await ended(bravo)).toMatchObject({ type: "download-finished" });
  expect(await hasWholeGame(rootIn(bravo.gamesDir), update)).toBe(true);
  expect(stale.asked).toHaveLength(asked);
});

it("a busy game is not announced with its old state", async () => {
  const { held, asked, go } = await heldSource(await makeContent(NEW));
  const { gamesDir } = await party.folders("bravo");
  await makeContent(OLD, rootIn(gamesDir));
  const bravo = await startJoined("bravo", held);
  const charlie = await startJoined("charlie", bravo.peer);
  const seen = (): unknown => charlie.peer.snapshot().remoteGames.map(({ peerCount }) => peerCount);
  await eventuallyPasses(() => expect(seen()).toEqual([1]));
  await download(bravo, { latest: true });
  await asked;
  await eventuallyPasses(() => expect([[], [0]]).toContainEqual(seen()));
  await expect(charlie.peer.send({ type: "fetch-latest-from-peers", gameId: GGOO })).rejects.toMatchObject({
    code: "no-peers-have-game",
  });
  go();
  await ended(bravo);
  await eventuallyPasses(() =>
    expect(charlie.peer.snapshot().remoteGames).toMatchObject([{ version: NEW, peerCount: 1 }]),
  );
});

describe("a partial archive", () => {
  it("does not count as downloaded: not while it comes, nor after its peer stopped, nor after a cancel", async () => {
    const { held, asked } = await heldSource(await makeContent());
    const first = await startJoined("bravo", held);
    const charlie = await startJoined("charlie", first.peer);
    await download(first);
    await asked;
    expect(await readdir(rootIn(first.gamesDir))).toContain("game.eti");
    expect(first.peer.snapshot().localGames).toEqual([]);
    await first.peer.stop();

    const second = await startJoined("bravo", held, charlie.peer);
    expect(await readdir(rootIn(second.gamesDir))).toContain("game.eti");
    expect(second.peer.snapshot().localGames).toEqual([]);
    expect(charlie.peer.snapshot().remoteGames).toEqual([]);
    await expect(second.peer.send({ type: "install-game", gameId: GGOO })).rejects.toMatchObject({
      code: "not-downloaded",
    });

    await download(second);
    await second.event("download-begin");
    await second.peer.send({ type: "cancel-download", gameId: GGOO });
    await ended(second);
    expect(second.peer.snapshot().localGames).toEqual([]);
    expect(await readdir(second.gamesDir)).toEqual([]);
  });
});

describe("a cancelled download", () => {
  it("is not shown as a failure", async () => {
    const { held, asked } = await heldSource(await makeContent());
    const bravo = await startJoined("bravo", held);
    await download(bravo);
    await asked;
    await bravo.peer.send({ type: "cancel-download", gameId: GGOO });
    await ended(bravo);
    expect(ends(bravo)).toEqual([{ type: "download-cancelled", gameId: GGOO }]);
    expect(bravo.events.at(-1)).toEqual({ type: "download-cancelled", gameId: GGOO });
  });

  it("has no end event before its clean-up, with which the next command would race", async () => {
    const { held, asked, go } = await heldSource(await makeContent());
    const bravo = await startJoined("bravo", held);
    const moment = Promise.withResolvers<unknown>();
    bravo.peer.onEvent(({ type }) => {
      if (type !== "download-cancelled") return;
      const { operations, outboundTransfers } = bravo.peer.snapshot().status;
      const state = {
        left: readdirSync(bravo.gamesDir),
        kept: keptIn(bravo.stateDir),
        operations,
        outboundTransfers,
      };
      go();
      moment.resolve(download(bravo).then((next) => ({ ...state, next })));
    });
    await download(bravo);
    await asked;
    await bravo.peer.send({ type: "cancel-download", gameId: GGOO });
    expect(await moment.promise).toEqual({
      left: [],
      kept: [],
      operations: [],
      outboundTransfers: {},
      next: { accepted: true },
    });
    await bravo.event("download-finished");
    expect(ends(bravo).map(({ type }) => type)).toEqual(["download-cancelled", "download-finished"]);
  });
});

it("an end event comes, exactly once, when every detail request fails, in whatever way", async () => {
  const broken: Answer = { type: "error", code: "internal", message: "broken", retryable: false };
  const instead: readonly ((request: Request) => unknown)[] = [
    ({ type }) => (type === "get_game" ? broken : undefined),
    ({ type }) => (type === "get_game" ? { type: "ok" } : undefined),
    ({ type }) => (type === "get_game" ? { type: "game", manifest: 7 } : undefined),
    ({ type }) => (type === "get_piece_hashes" ? broken : undefined),
  ];
  const game = await makeContent();
  for (const [index, answer] of instead.entries()) {
    const lies: Lies = { answer: async (request, truth) => (answer(request) as Answer | undefined) ?? truth };
    const peers = [await source(game, lies), await source(game, lies)];
    const bravo = await startJoined(`bravo-${index}`, ...peers);
    await eventuallyPasses(() => expect(bravo.peer.snapshot().games).toMatchObject([{ peerCount: 2 }]));
    await download(bravo);
    expect(await ended(bravo)).toMatchObject({ type: "no-peers-have-game", gameId: GGOO });
    expect(bravo.peer.snapshot().status.operations).toEqual([]);
    bravo.events.length = 0;
    await download(bravo);
    await ended(bravo);
    await bravo.peer.stop();
    expect(ends(bravo)).toHaveLength(1);
  }
});

/** The root of the game. */
function rootIn(gamesDir: string): string {
  return join(gamesDir, GGOO);
}

/** What is still known of the game's download. */
function keptIn(stateDir: string): string[] {
  const dir = join(stateDir, "games", GGOO);
  return existsSync(dir) ? readdirSync(dir).filter((name) => name !== "installed.json") : [];
}
