import { asPeerId, type PeerId, PROTOCOL_VERSION } from "@lanspread/proto";
import { createVirtualClock, eventually } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import { PeerError } from "../../src/errors/index.ts";
import { silentLogger } from "../../src/logger.ts";
import type { Discovery, DiscoveryFactory, DiscoveryOptions, SeenPeer } from "../../src/peers/index.ts";
import { keepDiscovering } from "../../src/peers/keep-discovering.ts";
import { makeIdentity } from "./support.ts";

const SOON = { signal: AbortSignal.timeout(60_000) };
const NOBODY = new PeerError("no-network-interface", "no network yet");

/** One discovery that the factory has made. */
interface Made {
  readonly at: number;
  readonly options: DiscoveryOptions;
  readonly updates: number[];
  stops: number;
  /** Ends it from within. */
  die(error: unknown): void;
}

/** Discovery over a factory whose first ones cannot be started. */
async function createRig({ failures = 0, updatesFail = false } = {}) {
  const { peerId } = await makeIdentity();
  const clock = createVirtualClock();
  const attempts: { at: number; libraryRev: number }[] = [];
  const made: Made[] = [];
  const seen: PeerId[] = [];
  const gone: PeerId[] = [];
  const factory: DiscoveryFactory = (options): Discovery => {
    attempts.push({ at: clock.now(), libraryRev: options.self.library_rev });
    if (attempts.length <= failures) throw NOBODY;
    const { promise: failed, resolve: die } = Promise.withResolvers<unknown>();
    const one: Made = { at: clock.now(), options, updates: [], stops: 0, die };
    made.push(one);
    return {
      update: (revision) => {
        if (updatesFail && made.length === 1) throw new RangeError("the record is too long");
        one.updates.push(revision);
      },
      problem: () => null,
      failed,
      stop: async () => {
        one.stops += 1;
      },
    };
  };
  const discovery = keepDiscovering(
    factory,
    {
      self: { peer_id: peerId, proto_ver: PROTOCOL_VERSION, library_rev: 1, party: "test", name: "test" },
      listen: { host: "127.0.0.1", port: 4_000 },
      logger: silentLogger,
      onSeen: ({ peerId }) => seen.push(peerId),
      onGone: (peerId) => gone.push(peerId),
    },
    clock,
  );
  return { clock, discovery, attempts, made, seen, gone };
}

function seenAs(letter: string): SeenPeer {
  const peerId = asPeerId(`${letter.repeat(8)}-0000-8000-8000-000000000000`);
  return { peerId, protoVer: PROTOCOL_VERSION, libraryRev: 1, party: "test", name: letter, addresses: [] };
}

describe("discovery that cannot be started", () => {
  it("is started again every 5 s, with the revision of that moment", async () => {
    const { clock, discovery, attempts, made } = await createRig({ failures: 2 });
    expect(discovery.problem()).toMatchObject({ code: "no-network-interface" });
    discovery.update(2);
    clock.advance(60_000);
    expect(attempts).toEqual([
      { at: 0, libraryRev: 1 },
      { at: 5_000, libraryRev: 2 },
      { at: 10_000, libraryRev: 2 },
    ]);
    expect(discovery.problem()).toBeNull();
    discovery.update(3);
    expect(made[0]?.updates).toEqual([3]);
    await discovery.stop(SOON);
    expect(made[0]?.stops).toBe(1);
  });

  it("is not started again after it was stopped", async () => {
    const { clock, discovery, attempts } = await createRig({ failures: 100 });
    await discovery.stop(SOON);
    clock.advance(60_000);
    expect(attempts).toHaveLength(1);
    expect(clock.pending).toBe(0);
  });
});

describe("discovery that fails while it runs", () => {
  it("is ended and started again after 5 s, and says why meanwhile", async () => {
    const { clock, discovery, made } = await createRig();
    clock.advance(1_000);
    made[0]?.die(NOBODY);
    await eventually(() => made[0]?.stops === 1);
    expect(discovery.problem()).toBe(NOBODY);
    discovery.update(7);
    clock.advance(4_999);
    expect(made).toHaveLength(1);
    clock.advance(1);
    expect(made.map(({ at, options }) => [at, options.self.library_rev])).toEqual([
      [0, 1],
      [6_000, 7],
    ]);
    expect(discovery.problem()).toBeNull();
    await discovery.stop(SOON);
    expect(made.map(({ stops }) => stops)).toEqual([1, 1]);
  });

  it("is started again where it cannot tell a new revision, and the next one tells it", async () => {
    const { clock, discovery, made } = await createRig({ updatesFail: true });
    discovery.update(2);
    expect(discovery.problem()).toMatchObject({ message: expect.stringContaining("too long") });
    clock.advance(5_000);
    expect(made.map(({ options, stops }) => [options.self.library_rev, stops])).toEqual([
      [1, 1],
      [2, 0],
    ]);
  });

  it("takes whom it has seen with it, and says no more", async () => {
    const { clock, made, seen, gone } = await createRig();
    const [stays, leaves] = [seenAs("a"), seenAs("b")];
    made[0]?.options.onSeen(stays);
    made[0]?.options.onSeen(leaves);
    made[0]?.options.onGone(leaves.peerId);
    expect(gone).toEqual([leaves.peerId]);
    made[0]?.die(NOBODY);
    await eventually(() => gone.length > 1);
    expect(gone).toEqual([leaves.peerId, stays.peerId]);
    made[0]?.options.onSeen(leaves);
    clock.advance(5_000);
    made[1]?.options.onSeen(stays);
    made[0]?.options.onGone(stays.peerId);
    expect([seen, gone]).toEqual([
      [stays.peerId, leaves.peerId, stays.peerId],
      [leaves.peerId, stays.peerId],
    ]);
  });

  it("is not started again where it was stopped before", async () => {
    const { clock, discovery, made } = await createRig();
    await discovery.stop(SOON);
    made[0]?.die(NOBODY);
    await Promise.resolve();
    clock.advance(60_000);
    expect(made).toHaveLength(1);
    expect(clock.pending).toBe(0);
  });
});
