import { randomUUID } from "node:crypto";
import { createMdns } from "@lanspread/mdns";
import { type PeerId, SERVICE_TYPE } from "@lanspread/proto";
import { eventually, eventuallyPasses } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import { mdnsDiscovery } from "../../src/peers/index.ts";
import type { LivenessLimits } from "../../src/peers/liveness.ts";
import { PeerProcess } from "./peer-process.ts";
import { game, library, makeIdentities, startTestPeer } from "./support.ts";

/** The limits of every peer, several times shorter: who stands still for seconds because the machine is busy is not lost. */
const SHORT: LivenessLimits = { pingAfterMs: 1_000, pongTimeoutMs: 4_000, missedPings: 2, silenceMs: 9_000 };

/** One of two may have to wait for a dial of the other to the sleeper, and for its back-off. */
const FOUND_AGAIN = { deadlineMs: 60_000 };

describe("a computer that sleeps for longer than it may be silent", () => {
  it.each([
    ["smaller", 0],
    ["larger", 1],
  ])(
    "and has the %s id is lost, and back without a restart: the same peers, their libraries of now",
    async (_, which) => {
      const identities = await makeIdentities(2);
      const [theirs, own] = [identities[which], identities[1 - which]];
      if (theirs === undefined || own === undefined) throw new Error("two");
      const common = { party: `test-${randomUUID()}`, liveness: SHORT };
      await using sleeper = new PeerProcess({
        ...{ ...common, identity: theirs, name: "sleeper" },
        library: library(5, game("ggoo")),
      });
      await using awake = await startTestPeer({
        ...{ ...common, identity: own, name: "awake", interfaces: ["127.0.0.1"] },
        discovery: mdnsDiscovery(),
        library: library(7, game("bf1942")),
      });
      await eventuallyPasses(() => {
        expect(sleeper.view.games).toEqual(["bf1942"]);
        expect(awake.mesh.games().map(({ id }) => id)).toEqual(["ggoo"]);
      });
      const { addr } = sleeper.view;
      const shown = () =>
        awake.mesh.peers().map(({ peerId, name, addr: at, libraryRev }) => [peerId, name, at, libraryRev]);
      expect(shown()).toEqual([[theirs.peerId, "sleeper", addr, 5]]);

      sleeper.suspend();
      await eventually(() => awake.events.some(({ type }) => type === "peer-lost"), { what: "the loss" });
      expect(awake.mesh.games()).toEqual([]);
      awake.publish(library(8, game("bf1942"), game("quake")));
      // Waits in its input until it is awake.
      sleeper.publish(library(6, game("ggoo"), game("doom")));
      sleeper.resume();

      await eventuallyPasses(() => {
        expect(shown()).toEqual([[theirs.peerId, "sleeper", addr, 6]]);
        expect(awake.mesh.games().map(({ id }) => id)).toEqual(["doom", "ggoo"]);
        expect(sleeper.view.peers).toMatchObject([{ peerId: own.peerId, addr: awake.addr, libraryRev: 8 }]);
        expect(sleeper.view.games).toEqual(["bf1942", "quake"]);
      }, FOUND_AGAIN);
      const discovered = awake.events.filter(({ type }) => type === "peer-discovered");
      expect(discovered).toMatchObject([{ peerId: theirs.peerId }, { peerId: theirs.peerId }]);
    },
  );
});

describe("two peers behind one address", () => {
  it("have an entry each, and announce nobody but themselves", async () => {
    const identities = await makeIdentities(3);
    const [one, two, three] = identities;
    if (one === undefined || two === undefined || three === undefined) throw new Error("three");
    const common = { party: `test-${randomUUID()}`, liveness: SHORT };
    const announced = new Map<string, Set<string>>();
    await using heard = createMdns({ interfaces: ["127.0.0.1"] });
    for (const event of ["up", "changed"] as const) {
      heard.browse(SERVICE_TYPE).on(event, ({ instance, port, txt }) => {
        if (txt["party"] !== common.party) return;
        const said = announced.get(instance) ?? new Set();
        announced.set(instance, said.add(`${txt["peer_id"]} ${txt["name"]} ${port}`));
      });
    }
    await using first = new PeerProcess({
      ...common,
      identity: one,
      name: "first",
      library: library(1, game("ggoo")),
    });
    await using second = new PeerProcess({
      ...common,
      identity: two,
      name: "second",
      library: library(2, game("quake")),
    });
    await using watching = await startTestPeer({
      ...{ ...common, identity: three, name: "watching", interfaces: ["127.0.0.1"] },
      discovery: mdnsDiscovery(),
    });
    const entry = (peerId: PeerId, process: PeerProcess, libraryRev: number) =>
      ({ peerId, addr: process.view.addr, libraryRev, gameCount: 1 }) as const;
    await eventuallyPasses(() => {
      expect(watching.mesh.peers()).toMatchObject([
        entry(one.peerId, first, 1),
        entry(two.peerId, second, 2),
      ]);
      expect(first.view.peers).toMatchObject([entry(two.peerId, second, 2), { peerId: three.peerId }]);
      expect(second.view.peers).toMatchObject([entry(one.peerId, first, 1), { peerId: three.peerId }]);
    });
    second.publish(library(3, game("quake"), game("doom")));
    await eventuallyPasses(() => {
      expect(watching.mesh.peers()).toMatchObject([
        entry(one.peerId, first, 1),
        { libraryRev: 3, gameCount: 2 },
      ]);
      expect(watching.mesh.games().map(({ id }) => id)).toEqual(["doom", "ggoo", "quake"]);
    });
    const portOf = (addr: string) => addr.split(":")[1];
    expect(Object.fromEntries([...announced].map(([instance, said]) => [instance, [...said]]))).toEqual({
      [one.peerId]: [`${one.peerId} first ${portOf(first.view.addr)}`],
      [two.peerId]: [`${two.peerId} second ${portOf(second.view.addr)}`],
      [three.peerId]: [`${three.peerId} watching ${portOf(watching.addr)}`],
    });
  });
});
