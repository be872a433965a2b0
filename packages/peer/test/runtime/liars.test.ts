import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { asGameId, type Hash, hashSchema, type PeerId } from "@lanspread/proto";
import { eventually, seededBytes } from "@lanspread/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createLogger, type LogEntry } from "../../src/index.ts";
import { type Lies, type LyingPeer, startLyingPeer } from "../download/lying-peer.ts";
import { createSourceGame, type Files, hasWholeGame, MIB, type SourceGame } from "../download/support.ts";
import { type Member, Party } from "./party.ts";

const GGOO = asGameId("ggoo");
/** So many units that every source gets some of the first ones. */
const SIZE = 24 * MIB + 7;
const SMALL = 2 * MIB + 7;

let party: Party;
let opened: AsyncDisposableStack;
let games = 0;
/** What the receiver logs. */
let log: LogEntry[];

beforeEach(async () => {
  log = [];
  opened = new AsyncDisposableStack();
  party = opened.use(await Party.make());
});

afterEach(() => opened.disposeAsync());

/** A game whose archive is told by its seed. */
function makeContent(seed: number, size = SIZE): Promise<SourceGame> {
  games += 1;
  const files: Files = { "version.ini": "20180412", "game.eti": seededBytes(seed, size) };
  return createSourceGame(party.path(`content-${games}`), files);
}

async function liar(game: SourceGame, lies: Lies = {}): Promise<LyingPeer> {
  return opened.use(await startLyingPeer(party.name, game, lies));
}

/** A receiver that knows the pinned content, is connected to everybody, and has ended a download. */
async function download(
  sources: readonly { readonly addr: string }[],
  pinned?: Hash | null,
): Promise<Member> {
  const catalog = party.path("catalog.json");
  const entry = { id: GGOO, name: "Great Game", ...(pinned == null ? {} : { content_id: pinned }) };
  await writeFile(catalog, JSON.stringify({ format: 1, name: "test", games: [entry] }));
  const bravo = await party.start("bravo", {
    discovery: null,
    // Nobody here has lanes to be asked.
    lanes: 0,
    catalog,
    logger: createLogger({ level: "info", sink: (written) => log.push(written) }),
  });
  for (const { addr } of sources) await bravo.peer.send({ type: "connect", addr });
  await bravo.event("list-games", ({ games: [listed] }) => listed?.peerCount === sources.length);
  await bravo.peer.send({ type: "download-game-files", gameId: GGOO, install: false });
  await bravo.event("active-operations-changed", ({ operations }) => operations.length === 1);
  await bravo.event("active-operations-changed", ({ operations }) => operations.length === 0);
  return bravo;
}

/** No piece and no digest stays right. */
const damage = (bytes: Buffer): Buffer => {
  const wrong = Buffer.from(bytes);
  for (let at = 0; at < wrong.length; at += 32) wrong[at] = (wrong[at] ?? 0) ^ 1;
  return wrong;
};

/** Bytes of files come wrong, everything else is true. */
const wrongBytes: Lies = {
  bytes: ({ type }, bytes) => (type.startsWith("get_game_file") ? damage(bytes) : bytes),
};
const wrongBytesEnd = /came wrong from/;
const wrongDigests: Lies = {
  bytes: ({ type }, bytes) => (type === "get_piece_hashes" ? damage(bytes) : bytes),
};

/** Whom the log warns of; those that take no further part alone, on demand. */
function warnedOf(what = ""): Set<unknown> {
  return new Set(
    log
      .filter(({ level, message }) => level === "warn" && message.includes(what))
      .map(({ fields }) => fields?.["peerId"]),
  );
}

/** An honest source whose files come when everybody else has shown what they are: it must not be needed before. */
function patient(
  game: SourceGame,
  liars: readonly LyingPeer[],
  shown: () => Set<unknown>,
): Promise<LyingPeer> {
  return liar(game, {
    answer: async ({ type }, truth) => {
      if (type.startsWith("get_game_file")) {
        await eventually(() => liars.every(({ peerId }) => shown().has(peerId)), {
          what: "every liar shown",
        });
      }
      return truth;
    },
  });
}

const root = (member: Member): string => join(member.gamesDir, GGOO);
const idsOf = (peers: readonly LyingPeer[]): PeerId[] => peers.map(({ peerId }) => peerId);

describe("the content that the catalog pins", () => {
  const kinds: readonly [
    name: string,
    make: (right: SourceGame) => Promise<LyingPeer>,
    endsAs: RegExp | null,
  ][] = [
    ["have other content", async () => liar(await makeContent(2)), null],
    ["have another manifest", async () => liar(await makeContent(2, SIZE + 1)), null],
    [
      "claim the pinned content for another manifest",
      async (right) => {
        const other = await makeContent(2, SIZE + 1);
        const manifest = { ...other.manifest, content_id: right.manifest.content_id };
        return liar({ ...other, manifest });
      },
      /has other digests than its content_id says/,
    ],
    [
      "send wrong digests, and other bytes",
      (right) => liar(right, { bytes: (_, bytes) => damage(bytes) }),
      null,
    ],
    ["send wrong bytes of every piece", (right) => liar(right, wrongBytes), wrongBytesEnd],
    [
      "claim the pinned content for another manifest, and prove nothing",
      async (right) => {
        const other = await makeContent(2, SIZE + 1);
        const manifest = { ...other.manifest, content_id: right.manifest.content_id };
        const busy = { type: "error", code: "busy", message: "later", retryable: true } as const;
        return liar(
          { ...other, manifest },
          { answer: ({ type }) => (type === "get_piece_hashes" ? busy : undefined) },
        );
      },
      null,
    ],
  ];

  it.each(kinds)("wins over three peers that %s", async (_, make, endsAs) => {
    const right = await makeContent(1);
    const liars = await Promise.all([1, 2, 3].map(() => make(right)));
    const honest = await patient(right, liars, () =>
      warnedOf(endsAs === wrongBytesEnd ? "no further part" : ""),
    );
    const bravo = await download([...liars, honest], right.manifest.content_id);
    const finished = await bravo.event("download-finished");
    expect(await hasWholeGame(root(bravo), right)).toBe(true);
    expect(finished.sources[honest.peerId]).toBe(finished.bytes);
    expect(warnedOf()).not.toContain(honest.peerId);
    for (const { why } of finished.struckOut ?? []) if (endsAs !== null) expect(why).toMatch(endsAs);
    const named = (finished.struckOut ?? []).map(({ peerId }) => peerId).sort();
    if (endsAs !== null) expect(named).toEqual(idsOf(liars).sort());
    else for (const peerId of named) expect(idsOf(liars)).toContain(peerId);
  });

  it("wins over a liar of each kind, and over many of the worst", async () => {
    const right = await makeContent(1);
    const mixed = await Promise.all([
      ...kinds.map(([, make]) => make(right)),
      ...[1, 2, 3, 4, 5, 6].map(() => liar(right, wrongBytes)),
    ]);
    const honest = await patient(right, mixed, () => warnedOf());
    const bravo = await download([...mixed, honest], right.manifest.content_id);
    await bravo.event("download-finished");
    expect(await hasWholeGame(root(bravo), right)).toBe(true);
  });

  it("is nobody's where only liars are there: nothing is created, and nothing counts", async () => {
    const right = await makeContent(1);
    const liars = [await liar(await makeContent(2)), await liar(right, wrongDigests)];
    const bravo = await download(liars, right.manifest.content_id);
    const { gameId, message } = await bravo.event("no-peers-have-game");
    expect(gameId).toBe(GGOO);
    for (const { peerId } of liars) expect(message).toContain(peerId);
    expect(await readdir(bravo.gamesDir)).toEqual([]);
    expect(warnedOf()).toContain(liars[1]?.peerId);
  });

  it("is not believed to be what wrong bytes say, where no honest source is there", async () => {
    const right = await makeContent(1);
    const only = await liar(right, wrongBytes);
    const bravo = await download([only], right.manifest.content_id);
    expect(await bravo.event("download-failed")).toMatchObject({
      code: "verification",
      message: expect.stringMatching(new RegExp(`ggoo/.*: piece \\d+ .* came wrong from ${only.peerId}`)),
    });
    expect(await readdir(root(bravo))).not.toContain("version.ini");
    expect(bravo.peer.snapshot().localGames).toEqual([]);
  });
});

describe("without a pinned content", () => {
  it("the majority wins, and who was outvoted is asked for nothing", async () => {
    const [common, rare] = [await makeContent(1, SMALL), await makeContent(2, SMALL)];
    const peers = [await liar(common), await liar(rare), await liar(common)];
    const bravo = await download(peers);
    await bravo.event("download-finished");
    expect(await hasWholeGame(root(bravo), common)).toBe(true);
    expect(peers[1]?.asked).toEqual(["get_game"]);
  });

  it("the unique plurality wins", async () => {
    const [common, ...rare] = [
      await makeContent(1, SMALL),
      await makeContent(2, SMALL),
      await makeContent(3, SMALL),
    ];
    const peers = [await liar(common), await liar(common)];
    for (const each of rare) peers.push(await liar(each));
    const bravo = await download(peers);
    await bravo.event("download-finished");
    expect(await hasWholeGame(root(bravo), common)).toBe(true);
  });

  it("a tie fails, and says who said what", async () => {
    const [one, two] = [await makeContent(1, SMALL), await makeContent(2, SMALL)];
    const peers = [await liar(one), await liar(two)];
    const bravo = await download(peers);
    const { code, message } = await bravo.event("download-failed");
    expect(code).toBe("ambiguous-metadata");
    for (const [index, { peerId }] of peers.entries()) {
      expect(message).toMatch(new RegExp(`${peerId} say .*${[one, two][index]?.manifest.content_id}`));
    }
    expect(await readdir(bravo.gamesDir)).toEqual([]);
  });

  it("a tie of those that lie is none: who contradicts itself has no vote", async () => {
    const right = await makeContent(1, SMALL);
    const content_id = hashSchema.parse("1".repeat(64));
    const liars = await Promise.all(
      [2, 3].map(async (seed) => {
        const other = await makeContent(seed, SMALL);
        return liar({ ...other, manifest: { ...other.manifest, content_id } });
      }),
    );
    const bravo = await download([...liars, await liar(right)]);
    const finished = await bravo.event("download-finished");
    expect(await hasWholeGame(root(bravo), right)).toBe(true);
    expect(finished.struckOut?.map(({ peerId }) => peerId).sort()).toEqual(idsOf(liars).sort());
  });

  it("and where nobody knows digests, the receiver's own become the content id that it announces", async () => {
    const right = await makeContent(1, SMALL);
    const unhashed = { ...right, manifest: { ...right.manifest, content_id: null } };
    const bravo = await download([await liar(unhashed), await liar(unhashed)]);
    await bravo.event("download-finished");
    expect(await hasWholeGame(root(bravo), right)).toBe(true);
    expect(bravo.peer.snapshot().localGames).toMatchObject([
      { id: GGOO, downloaded: true, contentId: right.manifest.content_id },
    ]);
  });
});
