import { access, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { GameId, RuntimeEventType } from "@lanspread/proto";
import { eventually, seededBytes } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import type { PeerError } from "../../src/index.ts";
import { type Member, makeGame, offered, Party } from "./party.ts";

/** A sender with the game, and a receiver that sees it offered. */
async function pair(party: Party): Promise<{ sender: Member; receiver: Member; gameId: GameId }> {
  const { gamesDir } = await party.folders("sender");
  const gameId = await makeGame(gamesDir, "ggoo");
  const sender = await party.start("sender");
  const receiver = await party.start("receiver");
  await receiver.peer.send({ type: "connect", addr: sender.peer.addr });
  await offered(receiver, gameId);
  return { sender, receiver, gameId };
}

function refusal(attempt: Promise<unknown>): Promise<PeerError> {
  return attempt.then(
    () => expect.unreachable("it is accepted"),
    (error: PeerError) => error,
  );
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
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
    const { sender, receiver, gameId } = await pair(party);
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
      bytes: 5_400_010,
      retried: 0,
      sources: { [sender.peer.peerId]: 5_400_010 },
    });
    const [game] = receiver.peer.snapshot().localGames;
    expect(game).toMatchObject({ id: gameId, downloaded: false, installed: true, availability: "local_only" });
    await eventually(() => Object.keys(sender.peer.snapshot().status.outboundTransfers).length === 0);

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
    expect(await exists(join(third.gamesDir, gameId))).toBe(false);
  });
});
