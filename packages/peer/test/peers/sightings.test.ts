import { asPeerId, type PeerId } from "@lanspread/proto";
import { createVirtualClock } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import { openCatalogForAll } from "../../src/catalog/index.ts";
import { PeerError } from "../../src/errors/index.ts";
import { silentLogger } from "../../src/logger.ts";
import { CatchUp } from "../../src/peers/catch-up.ts";
import { CATCH_UP_AFTER_MS } from "../../src/peers/constants.ts";
import { Dialer } from "../../src/peers/dialer.ts";
import { type Incompatible, Incompatibles } from "../../src/peers/incompatibles.ts";
import type { MeshEvent, SeenPeer } from "../../src/peers/index.ts";
import { Roster } from "../../src/peers/roster.ts";
import { Sightings } from "../../src/peers/sightings.ts";
import { library, types } from "./support.ts";

const OWN = asPeerId("00000000-0000-8000-8000-000000000000");
const OTHER = asPeerId("aaaaaaaa-0000-8000-8000-000000000000");
const listen = { host: "127.0.0.1", port: 1 };

/** Everything that announcements lead to, but for the network: every dial fails with `failure`. */
function rig(failure = new PeerError("connect-failed", "nobody there")) {
  const clock = createVirtualClock();
  const controller = new AbortController();
  const dials: PeerId[] = [];
  const asked: PeerId[] = [];
  const told: Incompatible[] = [];
  const events: MeshEvent[] = [];
  const roster = new Roster(openCatalogForAll, (event) => events.push(event));
  const dialer = new Dialer({
    ownId: OWN,
    clock,
    signal: controller.signal,
    random: () => 0,
    isConnected: (peerId) => roster.table.has(peerId),
    dial: (seen, signal) => sightings.dial(seen, signal),
  });
  const catchUp = new CatchUp({
    clock,
    held: (peerId) => roster.table.revisionOf(peerId),
    ask: async (peerId) => {
      asked.push(peerId);
    },
  });
  const sightings = new Sightings({
    self: { peerId: OWN, name: "own", party: "lan", listen, lanes: () => [], library: () => library(0) },
    dialer,
    joiner: {
      join: async (_, expected) => {
        if (expected !== null) dials.push(expected);
        throw failure;
      },
    },
    roster,
    catchUp,
    incompatibles: new Incompatibles({ onNews: (incompatible) => told.push(incompatible), onGone: () => {} }),
    isFull: () => false,
    logger: silentLogger,
  });
  const announce = (ports: readonly number[], changes: Partial<SeenPeer> = {}): void => {
    const addresses = ports.map((port) => ({ host: "127.0.0.1", port }));
    sightings.seen({
      ...{ peerId: OTHER, protoVer: 5, libraryRev: 0, party: "lan", name: "x", addresses },
      ...changes,
    });
  };
  const welcome = (port: number): void => {
    const facts = { peerId: OTHER, name: "x", addr: `127.0.0.1:${port}`, features: [] };
    roster.welcome({ facts, library: library(0), now: 0, mayBeLate: false });
    events.length = 0;
  };
  return { clock, dials, asked, told, events, roster, catchUp, sightings, announce, welcome };
}

describe("what follows from an announcement", () => {
  it("ends when the peer is announced no longer as one of this party, of this version, or at all", async () => {
    const changes: readonly [string, (at: ReturnType<typeof rig>) => void][] = [
      ["another party", ({ announce }) => announce([7], { party: "other" })],
      ["another version", ({ announce }) => announce([7], { protoVer: 4 })],
      ["nowhere", ({ announce }) => announce([])],
      ["gone", ({ sightings }) => sightings.gone(OTHER)],
    ];
    for (const [what, change] of changes) {
      const at = rig();
      at.announce([7]);
      await at.clock.advanceAsync(0);
      expect(at.dials, what).toEqual([OTHER]);
      change(at);
      await at.clock.advanceAsync(120_000);
      expect(at.dials, what).toEqual([OTHER]);
    }
  });

  it("shows a connected peer at its first address only where it is announced at none that is shown", () => {
    const { announce, welcome, roster, events } = rig();
    welcome(8);
    announce([7, 8]);
    expect(roster.table.addressOf(OTHER)).toBe("127.0.0.1:8");
    expect(events).toEqual([]);
    announce([7, 9]);
    expect(roster.table.addressOf(OTHER)).toBe("127.0.0.1:7");
    expect(types(events)).toEqual(["peer-updated"]);
  });

  it("asks a connected peer for the revision that it announces, and nobody for one of another party", async () => {
    for (const [party, asks] of [
      ["lan", [OTHER]],
      ["other", []],
    ] as const) {
      const { announce, welcome, clock, asked } = rig();
      welcome(7);
      announce([7], { party, libraryRev: 3 });
      await clock.advanceAsync(CATCH_UP_AFTER_MS);
      expect(asked, party).toEqual(asks);
    }
  });

  it("ends without what is in doubt of a connected peer: that is asked for all the same", async () => {
    const { announce, welcome, catchUp, sightings, clock, asked } = rig();
    welcome(7);
    announce([7]);
    catchUp.doubt(OTHER);
    sightings.gone(OTHER);
    await clock.advanceAsync(CATCH_UP_AFTER_MS);
    expect(asked).toEqual([OTHER]);
  });

  it("tells once why a peer cannot join, however often it is dialled, and not where nobody answers", async () => {
    const refused = rig(new PeerError("wrong-party", "belongs to another party"));
    refused.announce([7]);
    await refused.clock.advanceAsync(60_000);
    expect(refused.dials.length).toBeGreaterThan(2);
    expect(refused.told).toMatchObject([{ peerId: OTHER, addr: "127.0.0.1:7", code: "wrong-party" }]);
    const silent = rig();
    silent.announce([7]);
    await silent.clock.advanceAsync(60_000);
    expect(silent.dials.length).toBeGreaterThan(2);
    expect(silent.told).toEqual([]);
  });
});
