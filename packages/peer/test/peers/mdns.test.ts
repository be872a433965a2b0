import { randomUUID } from "node:crypto";
import { createMdns } from "@lanspread/mdns";
import { asPeerId, encodeAnnouncement, type PeerId, SERVICE_TYPE } from "@lanspread/proto";
import { eventually, eventuallyPasses } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import { silentLogger } from "../../src/logger.ts";
import { mdnsDiscovery, type SeenPeer } from "../../src/peers/index.ts";
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

  it("believe no record that is named after another peer than its text, whoever says it", async () => {
    const ids = Array.from({ length: 3 }, (_, index) =>
      asPeerId(`${randomUUID().slice(0, 8)}-0000-8000-8000-00000000000${index}`),
    );
    const [own, other, honest] = ids;
    if (own === undefined || other === undefined || honest === undefined) throw new Error("three");
    const party = `test-${randomUUID()}`;
    const announced = { proto_ver: 5, library_rev: 1, party, name: "x" };
    const seen: SeenPeer[] = [];
    const discovery = mdnsDiscovery()({
      self: { ...announced, peer_id: own },
      listen: { host: "127.0.0.1", port: 4_000 },
      interfaces: ["127.0.0.1"],
      logger: silentLogger,
      onSeen: (peer) => seen.push(peer),
      onGone: () => {},
    });
    await using liar = createMdns({ interfaces: ["127.0.0.1"] });
    const say = (instance: string, peerId: PeerId) =>
      liar.advertise({
        ...{ type: SERVICE_TYPE, instance, port: 4_001 },
        txt: encodeAnnouncement({ ...announced, peer_id: peerId }),
      });
    say(other, honest);
    say("nobody", other);
    await eventually(() => liar.interfaces().some(({ state }) => state === "active"));
    say(honest, honest);
    try {
      const last = () => seen.findLast(({ peerId }) => peerId === honest);
      await eventuallyPasses(() => {
        expect(last()?.addresses).toEqual([{ host: "127.0.0.1", port: 4_001, vouched: true }]);
      });
      expect(seen.filter(({ party: of, peerId }) => of === party && peerId !== honest)).toEqual([]);
    } finally {
      await discovery.stop({ signal: AbortSignal.timeout(2_000) });
    }
  });

  it("says why nobody can be found where it has no interface", async () => {
    await using a = await startTestPeer({ interfaces: ["192.0.2.1"], discovery: mdnsDiscovery() });
    await eventually(() => a.mesh.problem());
    expect(a.mesh.problem()).toMatchObject({ code: "no-network-interface" });
    expect(a.mesh.problem()?.message).toContain("192.0.2.1");
  });
});
