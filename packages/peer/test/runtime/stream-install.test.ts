import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { asGameId, type RuntimeEventType } from "@lanspread/proto";
import { eventually, seededBytes, writeRar5 } from "@lanspread/testkit";
import { afterEach, describe, expect, it, vi } from "vitest";
import { createLogger, type PeerError, type PeerOptions } from "../../src/index.ts";
import { SOLID_FILES, solidEntries } from "../install/solid-files.ts";
import { gatedUnpacker } from "./gated-unpacker.ts";
import { contentOf, type Member, makeGame, offered, Party } from "./party.ts";

const GGOO = asGameId("ggoo");

/** Bytes of the files that `makeGame` packs. */
const GAME_BYTES = 5_400_010;

afterEach(() => {
  vi.restoreAllMocks();
});

/** A member that has the game, which `make` makes in its games directory. */
async function holder(
  party: Party,
  name: string,
  options: Partial<PeerOptions> = {},
  make: (gamesDir: string) => Promise<unknown> = (gamesDir) => makeGame(gamesDir, "ggoo"),
): Promise<Member> {
  const { gamesDir } = await party.folders(name);
  await make(gamesDir);
  return party.start(name, options);
}

/** A member that sees the game offered by all of these. */
async function receiverOf(party: Party, senders: readonly Member[]): Promise<Member> {
  const receiver = await party.start("receiver");
  for (const { peer } of senders) await receiver.peer.send({ type: "connect", addr: peer.addr });
  await offered(receiver, GGOO);
  await eventually(async () => {
    const { sources } = await receiver.peer.send({ type: "fetch-latest-from-peers", gameId: GGOO });
    return sources.length === senders.length;
  });
  return receiver;
}

async function expectNothing({ gamesDir }: Member): Promise<void> {
  expect(await readdir(gamesDir)).toEqual([]);
}

async function expectIdle({ peer }: Member): Promise<void> {
  await eventually(() => Object.keys(peer.snapshot().status.outboundTransfers).length === 0);
}

/** Asks the sources in the order in which the candidates come; returns the first and the other one. */
async function inOrder(receiver: Member, [one, other]: readonly [Member, Member]): Promise<[Member, Member]> {
  vi.spyOn(Math, "random").mockReturnValue(0.5);
  const { sources } = await receiver.peer.send({ type: "fetch-latest-from-peers", gameId: GGOO });
  return sources[0] === one.peer.peerId ? [one, other] : [other, one];
}

function refusal(attempt: Promise<unknown>): Promise<PeerError> {
  return attempt.then(
    () => expect.unreachable("it is accepted"),
    (error: PeerError) => error,
  );
}

const OF_OPERATIONS: ReadonlySet<RuntimeEventType> = new Set([
  "active-operations-changed",
  "local-library-changed",
  "got-game-files",
  "stream-install-finished",
  "stream-install-failed",
  "download-cancelled",
  "no-peers-have-game",
]);

describe("a streamed install between peers", () => {
  it("leaves the game installed, not downloaded, and no source for others", async () => {
    await using party = await Party.make();
    const sender = await holder(party, "sender");
    const receiver = await receiverOf(party, [sender]);
    const gameId = GGOO;
    const before = receiver.events.length;
    await receiver.peer.send({ type: "stream-install-game", gameId });
    const end = await receiver.event("stream-install-finished");

    const root = join(receiver.gamesDir, gameId);
    expect(await readdir(root)).toEqual(["local"]);
    expect((await readdir(join(root, "local"), { recursive: true })).sort()).toEqual([
      "data",
      "data/empty.txt",
      "data/world.dat",
      "game.exe",
    ]);
    expect((await readFile(join(root, "local/data/world.dat"))).equals(seededBytes(2, 5_300_007))).toBe(true);
    expect(end).toMatchObject({
      files: 3,
      bytes: GAME_BYTES,
      retried: 0,
      sources: { [sender.peer.peerId]: GAME_BYTES },
    });
    const [game] = receiver.peer.snapshot().localGames;
    expect(game).toMatchObject({
      id: gameId,
      downloaded: false,
      installed: true,
      availability: "local_only",
    });
    await expectIdle(sender);
    expect(receiver.events.filter(({ type }) => type === "install-progress")).not.toEqual([]);

    const names = receiver.events.slice(before).map(({ type }) => type);
    expect(names.filter((type) => OF_OPERATIONS.has(type))).toEqual([
      "active-operations-changed",
      "got-game-files",
      "local-library-changed",
      "active-operations-changed",
      "stream-install-finished",
    ]);

    const third = await party.start("third");
    await third.peer.send({ type: "connect", addr: receiver.peer.addr });
    const refused = await refusal(third.peer.send({ type: "stream-install-game", gameId }));
    expect(refused.code).toBe("no-peers-have-game");
    await third.peer.send({ type: "download-game-files", gameId });
    await third.event("no-peers-have-game");
    expect(await readdir(third.gamesDir)).toEqual([]);
  });

  it("unpacks two archives in the order of their names, and leaves only local/", async () => {
    await using party = await Party.make();
    const sender = await holder(party, "sender", {}, async (gamesDir) => {
      const root = await emptyGame(gamesDir);
      await writeRar5(join(root, "b.eti"), [{ name: "both.txt", content: "of b" }]);
      await writeRar5(join(root, "a.eti"), [
        { name: "both.txt", content: "of a" },
        { name: "a.txt", content: "a" },
      ]);
    });
    const receiver = await receiverOf(party, [sender]);
    await receiver.peer.send({ type: "stream-install-game", gameId: GGOO });
    await receiver.event("stream-install-finished");
    expect((await contentOf(receiver.gamesDir, "ggoo", ["local/both.txt", "local/a.txt"])).join()).toBe(
      "of b,a",
    );
    expect((await readdir(join(receiver.gamesDir, "ggoo"), { recursive: true })).sort()).toEqual([
      "local",
      "local/a.txt",
      "local/both.txt",
    ]);
  });

  it("is updated by a download like any other install: what is the user's stays, and nothing else of the old version", async () => {
    await using party = await Party.make();
    const sender = await holder(party, "sender");
    const receiver = await receiverOf(party, [sender]);
    await receiver.peer.send({ type: "stream-install-game", gameId: GGOO });
    await receiver.event("stream-install-finished");
    const local = join(receiver.gamesDir, "ggoo", "local");
    await writeFile(join(local, "saved"), "a hundred hours");
    await writeFile(join(local, "game.exe"), "patched by the user");

    const newer = await holder(party, "newer", {}, async (gamesDir) => {
      const root = await emptyGame(gamesDir, "20250101");
      await writeRar5(join(root, "new.eti"), [{ name: "new.exe", content: "the new game" }]);
    });
    await receiver.peer.send({ type: "connect", addr: newer.peer.addr });
    await eventually(async () => {
      const { manifest } = await receiver.peer.send({ type: "fetch-latest-from-peers", gameId: GGOO });
      return manifest.version === "20250101";
    });
    await receiver.peer.send({ type: "download-game-files", gameId: GGOO });
    await receiver.event("install-finished");
    expect((await readdir(local)).sort()).toEqual(["game.exe", "new.exe", "saved"]);
    expect((await contentOf(local, "", ["game.exe", "saved"])).join()).toBe(
      "patched by the user,a hundred hours",
    );
  });

  it("brings a game without archives as it is", async () => {
    await using party = await Party.make();
    const sender = await holder(party, "sender", {}, async (gamesDir) => {
      const root = await emptyGame(gamesDir);
      await mkdir(join(root, "data"));
      await writeFile(join(root, "data", "level"), seededBytes(3, 200_000));
      await writeFile(join(root, "game.exe"), "the game");
    });
    const receiver = await receiverOf(party, [sender]);
    await receiver.peer.send({ type: "stream-install-game", gameId: GGOO });
    await receiver.event("stream-install-finished");
    const [level, exe] = await contentOf(receiver.gamesDir, "ggoo", ["local/data/level", "local/game.exe"]);
    expect([level?.equals(seededBytes(3, 200_000)), exe?.toString()]).toEqual([true, "the game"]);
    expect(await readdir(join(receiver.gamesDir, "ggoo"))).toEqual(["local"]);
  });

  it("brings what is in a solid archive", async () => {
    await using party = await Party.make();
    const sender = await holder(party, "sender", {}, async (gamesDir) => {
      await writeRar5(join(await emptyGame(gamesDir), "solid.eti"), solidEntries(), { solid: true });
    });
    const receiver = await receiverOf(party, [sender]);
    await receiver.peer.send({ type: "stream-install-game", gameId: GGOO });
    await receiver.event("stream-install-finished");
    const names = Object.keys(SOLID_FILES);
    expect(await readdir(join(receiver.gamesDir, "ggoo", "local"))).toEqual(names);
    for (const name of names) {
      const [got] = await contentOf(receiver.gamesDir, "ggoo", [join("local", name)]);
      expect(got?.equals(SOLID_FILES[name] ?? new Uint8Array()), name).toBe(true);
    }
  });

  it("is refused where the game is installed, downloaded, busy, or not of this party", async () => {
    await using party = await Party.make();
    const unpacker = gatedUnpacker();
    const sender = await holder(party, "sender", { unpacker });
    const receiver = await receiverOf(party, [sender]);
    const command = { type: "stream-install-game", gameId: GGOO } as const;
    await receiver.peer.send(command);
    await unpacker.begun;
    expect((await refusal(receiver.peer.send(command))).code).toBe("operation-in-progress");
    const download = receiver.peer.send({ type: "download-game-files", gameId: GGOO });
    expect((await refusal(download)).code).toBe("operation-in-progress");
    expect(receiver.peer.snapshot().status.operations).toEqual([{ gameId: GGOO, kind: "stream-installing" }]);
    unpacker.open();
    await receiver.event("stream-install-finished");
    expect((await refusal(receiver.peer.send(command))).code).toBe("already-installed");

    expect((await refusal(sender.peer.send(command))).code).toBe("already-downloaded");
    const foreign = party.path("catalog.json");
    await writeFile(foreign, JSON.stringify({ format: 1, name: "finals", games: [] }));
    const stranger = await party.start("stranger", { catalog: foreign });
    await stranger.peer.send({ type: "connect", addr: sender.peer.addr });
    expect((await refusal(stranger.peer.send(command))).code).toBe("not-in-catalog");
  });
});

it("waits for its turn where two others run, asking nobody meanwhile; cancelled it leaves the turn to the next", async () => {
  await using party = await Party.make();
  const unpacker = gatedUnpacker();
  let requests = 0;
  const logger = createLogger({
    level: "debug",
    sink: ({ fields }) => {
      if (fields?.["request"] === "stream_install") requests += 1;
    },
  });
  const ids = ["ggoo", "one", "two", "three"].map(asGameId);
  const sender = await holder(party, "sender", { unpacker, logger }, async (gamesDir) => {
    for (const id of ids) await makeGame(gamesDir, id);
  });
  const receiver = await receiverOf(party, [sender]);
  for (const gameId of ids) await receiver.peer.send({ type: "stream-install-game", gameId });
  await eventually(() => requests === 2);
  const [, , third, fourth] = ids;
  if (third === undefined || fourth === undefined) throw new Error("four games");
  await receiver.peer.send({ type: "cancel-download", gameId: third });
  await receiver.event("download-cancelled", ({ gameId }) => gameId === third);
  expect(requests).toBe(2);
  unpacker.open();
  await receiver.event("stream-install-finished", ({ gameId }) => gameId === fourth);
  await eventually(() => receiver.peer.snapshot().status.operations.length === 0);
  expect(requests).toBe(3);
  expect((await readdir(receiver.gamesDir)).sort()).toEqual(["ggoo", "one", "three"]);
});

describe("a streamed install that fails", () => {
  it("goes on with the second source where the first fails before it sends", async () => {
    await using party = await Party.make();
    const unpackers = [gatedUnpacker(), gatedUnpacker()] as const;
    const [one, other] = [
      await holder(party, "one", { unpacker: unpackers[0] }),
      await holder(party, "other", { unpacker: unpackers[1] }),
    ];
    const receiver = await receiverOf(party, [one, other]);
    const [first, second] = await inOrder(receiver, [one, other]);
    (first === one ? unpackers[0] : unpackers[1]).fail(new Error("no memory left"));
    for (const unpacker of unpackers) unpacker.open();
    await receiver.peer.send({ type: "stream-install-game", gameId: GGOO });
    const end = await receiver.event("stream-install-finished");
    expect(end).toMatchObject({
      retried: 1,
      sources: { [second.peer.peerId]: GAME_BYTES },
      struckOut: [{ peerId: first.peer.peerId }],
    });
    expect(await readdir(join(receiver.gamesDir, "ggoo"))).toEqual(["local"]);
    await expectIdle(first);
    await expectIdle(second);
  });

  it("is rolled back when its only sender stops in mid-stream", async () => {
    await using party = await Party.make();
    const unpacker = gatedUnpacker();
    const sender = await holder(party, "sender", { unpacker });
    const receiver = await receiverOf(party, [sender]);
    await receiver.peer.send({ type: "stream-install-game", gameId: GGOO });
    await unpacker.begun;
    await sender.peer.stop();
    const end = await receiver.event("stream-install-failed");
    expect([end.code, end.message]).toEqual(["stream-failed", expect.stringContaining(sender.peer.peerId)]);
    await expectNothing(receiver);
  });

  it("is completed by another one when the first sender stops in mid-stream", async () => {
    await using party = await Party.make();
    const unpackers = [gatedUnpacker(), gatedUnpacker()] as const;
    const [one, other] = [
      await holder(party, "one", { unpacker: unpackers[0] }),
      await holder(party, "other", { unpacker: unpackers[1] }),
    ];
    const receiver = await receiverOf(party, [one, other]);
    const [first] = await inOrder(receiver, [one, other]);
    const [stops, goesOn] = first === one ? unpackers : [unpackers[1], unpackers[0]];
    goesOn.open();
    await receiver.peer.send({ type: "stream-install-game", gameId: GGOO });
    await stops.begun;
    await first.peer.stop();
    expect((await receiver.event("stream-install-finished")).retried).toBe(1);
    expect(await readdir(join(receiver.gamesDir, "ggoo"))).toEqual(["local"]);
  });

  it("is rolled back for a corrupt archive, and says who has it", async () => {
    await using party = await Party.make();
    const sender = await holder(party, "sender", {}, async (gamesDir) => {
      await makeGame(gamesDir, "ggoo");
      const path = join(gamesDir, "ggoo", "ggoo.eti");
      const archive = await readFile(path);
      archive[2_000_000] = (archive[2_000_000] ?? 0) ^ 1;
      await writeFile(path, archive);
    });
    const receiver = await receiverOf(party, [sender]);
    await receiver.peer.send({ type: "stream-install-game", gameId: GGOO });
    const end = await receiver.event("stream-install-failed");
    expect([end.code, end.message]).toEqual(["stream-failed", expect.stringContaining(sender.peer.peerId)]);
    await expectNothing(receiver);
    await expectIdle(sender);
  });

  it("ends as cancelled, not as a failure, when it is cancelled; it can begin again at once", async () => {
    await using party = await Party.make();
    const unpacker = gatedUnpacker();
    const sender = await holder(party, "sender", { unpacker });
    const receiver = await receiverOf(party, [sender]);
    await receiver.peer.send({ type: "stream-install-game", gameId: GGOO });
    await unpacker.begun;
    await receiver.peer.send({ type: "cancel-download", gameId: GGOO });
    await receiver.event("download-cancelled");
    await expectNothing(receiver);
    unpacker.open();
    await expectIdle(sender);
    await receiver.peer.send({ type: "stream-install-game", gameId: GGOO });
    await receiver.event("stream-install-finished");
    const ends = receiver.events.filter(({ type }) => OF_OPERATIONS.has(type)).map(({ type }) => type);
    expect(ends.filter((type) => ["stream-install-failed", "download-cancelled"].includes(type))).toEqual([
      "download-cancelled",
    ]);
  });

  it("is rolled back when its peer stops", async () => {
    await using party = await Party.make();
    const unpacker = gatedUnpacker();
    const sender = await holder(party, "sender", { unpacker });
    const receiver = await receiverOf(party, [sender]);
    await receiver.peer.send({ type: "stream-install-game", gameId: GGOO });
    await unpacker.begun;
    await receiver.peer.stop();
    expect(receiver.events.at(-1)).toMatchObject({ type: "stream-install-failed", code: "shutting-down" });
    await expectNothing(receiver);
    unpacker.open();
    await expectIdle(sender);
  });
});

/** The root of a game that has nothing but its sentinel so far. */
async function emptyGame(gamesDir: string, version = "20240101"): Promise<string> {
  const root = join(gamesDir, "ggoo");
  await mkdir(root);
  await writeFile(join(root, "version.ini"), `${version}\n`);
  return root;
}
