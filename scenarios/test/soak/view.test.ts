import { describe, expect, it } from "vitest";
import type { DiskGame } from "../../src/soak/disk-game.ts";
import { differencesOf, type PeerTruth, type PeerView, trueView } from "../../src/soak/view.ts";

const game = (id: string, version: string | null, size = 10, installed = false): DiskGame => ({
  ...{ id, version, size, installed },
});
const peer = (name: string, ...games: DiskGame[]): PeerTruth => ({
  ...{ name, peerId: `id-${name}`, addr: `${name}:1`, libraryRev: 7, games },
});

const anna = peer("anna", game("quake", "20200101"), game("doom", null, 5, true), game("half", null, 3));
const bert = peer("bert", game("quake", "20210101", 20), game("worms", "20200101", 30, true));
const cleo = peer("cleo", game("quake", "20210101", 20), game("half", null, 3));

describe("what a peer has to show", () => {
  it("is every game once, with the newest version and who can serve it", () => {
    const { games } = trueView(anna, [bert, cleo]);
    const remote = { downloaded: false, installed: false, local_version: null, availability: null };
    expect(games).toEqual([
      {
        ...{ id: "doom", version: null, size: 0, downloaded: false, installed: true, local_version: null },
        ...{ availability: "local_only", peer_count: 0 },
      },
      {
        ...{ id: "quake", version: "20210101", size: 20, downloaded: true, installed: false },
        ...{ local_version: "20200101", availability: "ready", peer_count: 2 },
      },
      { id: "worms", version: "20200101", size: 30, ...remote, peer_count: 1 },
    ]);
  });

  it("is every other peer, with what it announces", () => {
    expect(trueView(bert, [anna, cleo]).peers).toEqual([
      { name: "anna", peer_id: "id-anna", addr: "anna:1", library_rev: 7, game_count: 1 },
      { name: "cleo", peer_id: "id-cleo", addr: "cleo:1", library_rev: 7, game_count: 1 },
    ]);
  });

  it("has the own version where that is the newer one", () => {
    const quake = trueView(bert, [anna]).games.find(({ id }) => id === "quake");
    expect(quake).toMatchObject({ version: "20210101", size: 20, peer_count: 1 });
  });
});

describe("differences", () => {
  const truth = trueView(anna, [bert, cleo]);
  const found = (shown: PeerView): string[] =>
    differencesOf(anna, shown, [bert, cleo]).map(({ text }) => text);

  it("are none where everything is shown as it is", () => {
    expect(found(truth)).toEqual([]);
  });

  it.each([
    ["a peer is missing", { ...truth, peers: truth.peers.slice(1) }, "peer bert id-bert: is missing"],
    [
      "a peer is shown that is gone",
      { ...truth, peers: [...truth.peers, { ...truth.peers[0], peer_id: "ghost" }] },
      "peer gone ghost: is shown and is not there",
    ],
    [
      "a peer's revision is old",
      { ...truth, peers: truth.peers.map((line) => ({ ...line, library_rev: 6 })) },
      "peer bert id-bert: library_rev 6, is 7",
    ],
    ["a game is missing", { ...truth, games: truth.games.slice(1) }, "game doom: is missing"],
    [
      "a game's peers are miscounted",
      { ...truth, games: truth.games.map((line) => ({ ...line, peer_count: 1 })) },
      "game quake: peer_count 1, is 2",
    ],
    [
      "a game is listed twice",
      { ...truth, games: [...truth.games, ...truth.games] },
      "game : something is listed twice",
    ],
  ] as const)("are found where %s", (_, shown, text) => {
    expect(found(shown as PeerView)).toContain(text);
  });
});
