import { describe, expect, it } from "vitest";
import { game, library, startTestPeer, types } from "./support.ts";

describe("connect", () => {
  it("makes both sides know each other's whole library after one exchange", async () => {
    await using a = await startTestPeer({ name: "a", library: library(3, game("ggoo")) });
    await using b = await startTestPeer({ name: "b", library: library(5, game("ggoo"), game("bf1942")) });

    expect(await a.mesh.connect(b.addr)).toBe(b.peerId);

    expect(a.mesh.peers()).toEqual([
      { peerId: b.peerId, name: "b", addr: b.addr, libraryRev: 5, gameCount: 2 },
    ]);
    expect(b.mesh.peers()).toEqual([
      { peerId: a.peerId, name: "a", addr: a.addr, libraryRev: 3, gameCount: 1 },
    ]);
    expect(a.mesh.games().map(({ id, peerCount }) => [id, peerCount])).toEqual([
      ["bf1942", 1],
      ["ggoo", 1],
    ]);
    for (const { events } of [a, b]) {
      expect(types(events)).toEqual(["peer-discovered", "peer-count-updated", "remote-games-changed"]);
    }
    expect(a.served).toEqual([]);
    expect(b.served).toEqual([{ type: "hello", from: a.peerId }]);
  });
});
