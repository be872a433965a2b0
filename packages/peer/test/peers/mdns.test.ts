import { randomUUID } from "node:crypto";
import { eventually, eventuallyPasses } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import { mdnsDiscovery } from "../../src/peers/index.ts";
import { game, library, startTestPeer, types } from "./support.ts";

describe("peers over multicast DNS on 127.0.0.1", () => {
  it("find each other, hear of a new library, and hear a goodbye", async () => {
    const party = `test-${randomUUID()}`;
    const interfaces = ["127.0.0.1"];
    const discovery = mdnsDiscovery();
    const common = { party, interfaces, discovery };
    await using a = await startTestPeer({ ...common, name: "a", library: library(1, game("ggoo")) });
    const b = await startTestPeer({ ...common, name: "b", library: library(1, game("bf1942")) });
    await using stranger = await startTestPeer({ ...common, party: `other-${party}` });
    try {
      await eventually(() => a.mesh.peers().length === 1 && b.mesh.peers().length === 1);
      expect(a.mesh.peers()).toMatchObject([{ peerId: b.peerId, name: "b", addr: b.addr }]);
      expect(a.mesh.problem()).toBeNull();
      b.publish(library(2, game("bf1942"), game("quake")));
      await eventuallyPasses(() => {
        expect(a.mesh.peers()).toMatchObject([{ libraryRev: 2, gameCount: 2 }]);
      });
      expect(stranger.mesh.peers()).toEqual([]);
    } finally {
      await b[Symbol.asyncDispose]();
    }
    await eventually(() => types(a.events).includes("peer-lost"));
    expect(a.mesh.peers()).toEqual([]);
  });

  it("says why nobody can be found where it has no interface", async () => {
    await using a = await startTestPeer({ interfaces: ["192.0.2.1"], discovery: mdnsDiscovery() });
    await eventually(() => a.mesh.problem());
    expect(a.mesh.problem()).toMatchObject({ code: "no-network-interface" });
    expect(a.mesh.problem()?.message).toContain("192.0.2.1");
  });
});
