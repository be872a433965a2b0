import { formatListenAddress } from "@lanspread/proto";
import { createVirtualClock, eventually, eventuallyPasses } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import { createCatalog } from "../../src/catalog/index.ts";
import { createPartyCa } from "../../src/identity/index.ts";
import { MAX_ADDRESSES_PER_PEER } from "../../src/peers/constants.ts";
import type { SeenPeer } from "../../src/peers/index.ts";
import { createMemorySegment } from "./memory-discovery.ts";
import { startRawPeer } from "./raw-peer.ts";
import {
  game,
  library,
  makeIdentities,
  makeIdentity,
  startTestPeer,
  type TestPeer,
  types,
} from "./support.ts";

function record(peer: TestPeer, changes: Partial<SeenPeer> = {}): SeenPeer {
  return {
    peerId: peer.peerId,
    protoVer: 5,
    libraryRev: 1,
    party: "test",
    name: "test",
    addresses: [{ host: "127.0.0.1", port: peer.port }],
    ...changes,
  };
}

const hellos = (peers: readonly TestPeer[]) =>
  peers.flatMap(({ served }) => served.filter(({ type }) => type === "hello"));

describe("peers that announce themselves", () => {
  it("find each other: the one with the smaller id dials, once", async () => {
    const segment = createMemorySegment();
    const [small, large] = await makeIdentities(2);
    // The larger one comes first: it sees the other as soon as that one sees it.
    await using b = await startTestPeer({
      ...(large === undefined ? {} : { identity: large }),
      discovery: segment.factory,
    });
    await using a = await startTestPeer({
      ...(small === undefined ? {} : { identity: small }),
      discovery: segment.factory,
      library: library(1, game("ggoo")),
    });
    await eventually(() => a.mesh.peers().length === 1 && b.mesh.peers().length === 1);
    expect(b.mesh.games()).toHaveLength(1);
    expect(hellos([a])).toEqual([]);
    expect(hellos([b])).toEqual([{ type: "hello", from: a.peerId }]);
  });

  it("find each other where only the one with the larger id hears the other", async () => {
    const segment = createMemorySegment();
    const [small, large] = await makeIdentities(2);
    const clock = createVirtualClock();
    await using a = await startTestPeer(small === undefined ? {} : { identity: small });
    await using b = await startTestPeer({
      ...(large === undefined ? {} : { identity: large }),
      discovery: segment.factory,
      clock,
    });
    segment.plant(record(a));
    await clock.advanceAsync(999);
    expect(b.endpoint.stats().datagramsSent).toBe(0);
    await clock.advanceAsync(1);
    await eventually(() => a.mesh.peers().length === 1 && b.mesh.peers().length === 1);
  });

  it("of many, all know all, with their games", async () => {
    const segment = createMemorySegment();
    const count = 8;
    const peers = await Promise.all(
      Array.from({ length: count }, (_, index) =>
        startTestPeer({
          discovery: segment.factory,
          library: library(1, game("ggoo"), game(`own${index}`)),
        }),
      ),
    );
    try {
      await eventuallyPasses(() => {
        for (const { mesh } of peers) {
          expect(mesh.peers()).toHaveLength(count - 1);
          expect(mesh.games()).toHaveLength(count);
          expect(mesh.games()[0]).toMatchObject({ id: "ggoo", peerCount: count - 1 });
        }
      });
      for (const { events } of peers) {
        expect(types(events).filter((type) => type === "peer-discovered")).toHaveLength(count - 1);
        expect(types(events)).not.toContain("peer-lost");
        expect(types(events)).not.toContain("peer-updated");
      }
    } finally {
      await Promise.all(peers.map((peer) => peer[Symbol.asyncDispose]()));
    }
  });

  it("are not dialled when they are of another party, and shown when they are of another version", async () => {
    const segment = createMemorySegment();
    const clock = createVirtualClock();
    await using a = await startTestPeer({ discovery: segment.factory, clock });
    await using b = await startTestPeer();
    await using c = await startTestPeer();
    segment.plant(record(b, { party: "other" }));
    segment.plant(record(c, { protoVer: 4 }));
    segment.plant(record(c, { protoVer: 4, libraryRev: 2 }));
    segment.plant(record(a, { peerId: a.peerId }));
    await clock.advanceAsync(60_000);
    expect(a.endpoint.stats().datagramsSent).toBe(0);
    expect(a.events).toEqual([
      {
        type: "peer-incompatible",
        peerId: c.peerId,
        addr: c.addr,
        reason: "speaks version 4 of the protocol, not 5",
      },
    ]);
  });

  it("are shown as incompatible once, and again when they have changed or come back", async () => {
    const segment = createMemorySegment();
    const clock = createVirtualClock();
    await using a = await startTestPeer({ discovery: segment.factory, clock });
    await using other = await startTestPeer();
    const reasons = () =>
      a.events.map((event) => (event.type === "peer-incompatible" ? event.reason.slice(0, 16) : event.type));
    for (const protoVer of [4, 4, 6, 6]) segment.plant(record(other, { protoVer }));
    await clock.advanceAsync(1);
    expect(reasons()).toEqual(["speaks version 4", "speaks version 6"]);
    segment.remove(other.peerId);
    segment.plant(record(other, { protoVer: 6 }));
    await clock.advanceAsync(1);
    expect(reasons()).toEqual(["speaks version 4", "speaks version 6", "speaks version 6"]);
    segment.plant(record(other));
    await eventually(async () => {
      await clock.advanceAsync(100);
      return a.mesh.peers().length === 1;
    });
    segment.plant(record(other, { protoVer: 6 }));
    await clock.advanceAsync(1);
    expect(reasons().slice(3)).toEqual(["peer-discovered", "peer-count-updated", "speaks version 6"]);
  });

  it("with a certificate of another party's CA are shown once, however often they are dialled", async () => {
    const segment = createMemorySegment();
    const clock = createVirtualClock();
    await using a = await startTestPeer({ discovery: segment.factory, clock });
    const other = await createPartyCa({ name: "other" });
    await using b = await startTestPeer({ identity: await makeIdentity(other) });
    segment.plant(record(b));
    const failures = () => a.log.filter(({ message }) => message.includes("could not be reached")).length;
    for (let times = 1; times <= 3; times++) {
      await eventually(async () => {
        await clock.advanceAsync(1_000);
        return failures() >= times;
      });
    }
    expect(a.events).toMatchObject([{ type: "peer-incompatible", peerId: b.peerId, addr: b.addr }]);
  });

  it("are found again after a crash, by their record, as the same entry", async () => {
    const segment = createMemorySegment();
    await using a = await startTestPeer({ discovery: segment.factory });
    const first = await startTestPeer({ discovery: segment.factory, library: library(4, game("ggoo")) });
    await eventually(() => a.mesh.peers().length === 1);
    await first.crash();
    await eventually(() => a.mesh.peers().length === 0);
    await using again = await startTestPeer({
      identity: first.identity,
      discovery: segment.factory,
      library: library(4, game("ggoo")),
    });
    await eventuallyPasses(() => {
      expect(a.mesh.peers()).toMatchObject([{ peerId: first.peerId, addr: again.addr, libraryRev: 4 }]);
    });
  });

  it("are dialled again after the connection broke, while the record lives", async () => {
    const segment = createMemorySegment();
    await using a = await startTestPeer({ discovery: segment.factory });
    await using raw = await startRawPeer();
    raw.answerWith((request) => (request.type === "hello" ? { ...raw.hello(), type: "hello_ack" } : null));
    segment.plant({
      peerId: raw.identity.peerId,
      protoVer: 5,
      libraryRev: 1,
      party: "test",
      name: "raw",
      addresses: [{ host: "127.0.0.1", port: raw.endpoint.address.port }],
    });
    for (let times = 1; times <= 2; times++) {
      await eventually(() => a.mesh.peers().length === 1 && raw.inbound.length === times);
      raw.inbound.at(-1)?.close();
      await eventually(() => a.mesh.peers().length === 0);
    }
    segment.remove(raw.identity.peerId);
    expect(types(a.events).filter((type) => type === "peer-discovered")).toHaveLength(2);
  });

  it("that leave are dialled no more", async () => {
    const segment = createMemorySegment();
    const clock = createVirtualClock();
    await using a = await startTestPeer({ discovery: segment.factory, clock });
    const b = await startTestPeer({ discovery: segment.factory });
    await eventually(async () => {
      await clock.advanceAsync(100);
      return a.mesh.peers().length === 1;
    });
    await b[Symbol.asyncDispose]();
    await eventually(() => a.mesh.peers().length === 0);
    await eventually(async () => {
      await clock.advanceAsync(100);
      return a.endpoint.stats().connections === 0;
    });
    const { datagramsSent } = a.endpoint.stats();
    await clock.advanceAsync(120_000);
    expect(a.endpoint.stats().datagramsSent).toBe(datagramsSent);
    expect(clock.pending).toBe(0);
  });

  it("that have said goodbye are left alone for long, also while their record lives", async () => {
    const segment = createMemorySegment();
    const clock = createVirtualClock();
    const [small, large] = await makeIdentities(2);
    if (small === undefined || large === undefined) throw new Error("two");
    await using a = await startTestPeer({ identity: small, discovery: segment.factory, clock });
    await using b = await startTestPeer({ identity: large });
    segment.plant(record(b));
    await eventually(async () => {
      await clock.advanceAsync(100);
      return a.mesh.peers().length === 1;
    });
    await b.mesh.stop();
    await eventually(() => a.mesh.peers().length === 0);
    const failures = () => a.log.filter(({ message }) => message.includes("could not be reached")).length;
    const joining = () => b.endpoint.stats().datagramsReceived;
    await eventually(() => a.endpoint.stats().connections === 0);
    const before = joining();
    await clock.advanceAsync(29_000);
    expect([failures(), joining()]).toEqual([0, before]);
    await clock.advanceAsync(1_000);
    await eventually(() => joining() > before);
  });

  it("keep identity and library when they are announced at another address", async () => {
    const segment = createMemorySegment();
    await using a = await startTestPeer({ discovery: segment.factory });
    await using b = await startTestPeer({ library: library(3, game("ggoo")) });
    segment.plant(record(b, { libraryRev: 3 }));
    await eventually(() => a.mesh.peers().length === 1);
    const { length } = a.events;
    segment.plant(record(b, { libraryRev: 3, addresses: [{ host: "127.0.0.3", port: b.port }] }));
    await eventually(() => a.events.length > length);
    expect(a.events.slice(length)).toEqual([
      {
        type: "peer-updated",
        peerId: b.peerId,
        name: "test",
        addr: `127.0.0.3:${b.port}`,
        libraryRev: 3,
        gameCount: 1,
      },
    ]);
  });

  it("with several addresses are reached by the one that works", async () => {
    const segment = createMemorySegment();
    await using a = await startTestPeer({ discovery: segment.factory });
    await using b = await startTestPeer();
    const dead = { host: "127.0.0.9", port: b.port };
    const working = { host: "127.0.0.1", port: b.port };
    const unreachable = { host: "fe80::1%lo", port: b.port };
    segment.plant(record(b, { addresses: [unreachable, dead, working] }));
    await eventually(() => a.mesh.peers().length === 1);
    expect(a.mesh.peers()).toMatchObject([{ addr: formatListenAddress(working) }]);
  });

  it("are not sought at dozens of addresses", async () => {
    const segment = createMemorySegment();
    await using a = await startTestPeer({ discovery: segment.factory });
    await using b = await startTestPeer();
    const wrong = Array.from({ length: MAX_ADDRESSES_PER_PEER }, (_, index) => ({
      host: `127.0.0.${index + 2}`,
      port: b.port,
    }));
    segment.plant(record(b, { addresses: [...wrong, { host: "127.0.0.1", port: b.port }] }));
    await eventually(() => a.log.some(({ message }) => message.includes("could not be reached")), {
      deadlineMs: 20_000,
    });
    expect(a.mesh.peers()).toEqual([]);
  });

  it("another peer at the announced address is not taken for the announced one", async () => {
    const segment = createMemorySegment();
    const clock = createVirtualClock();
    const [small, other, large] = await makeIdentities(3);
    if (small === undefined || other === undefined || large === undefined) throw new Error("three");
    await using a = await startTestPeer({ identity: small, discovery: segment.factory, clock });
    await using b = await startTestPeer({ identity: other });
    segment.plant(record(b, { peerId: large.peerId }));
    await eventually(async () => {
      await clock.advanceAsync(100);
      return a.log.some(({ message }) => message.includes("could not be reached"));
    });
    expect([...a.mesh.peers(), ...b.mesh.peers(), ...a.events, ...b.events]).toEqual([]);
    expect(b.served).toEqual([]);
  });

  it("are not taken from the own address", async () => {
    const segment = createMemorySegment();
    const clock = createVirtualClock();
    const stranger = await makeIdentity();
    await using a = await startTestPeer({ discovery: segment.factory, clock });
    segment.plant(record(a, { peerId: stranger.peerId }));
    await clock.advanceAsync(60_000);
    expect(a.endpoint.stats().datagramsSent).toBe(0);
  });
});

describe("a library that changes", () => {
  it("is asked for once when its announcement is newer than what is held for 2 s", async () => {
    const segment = createMemorySegment();
    await using a = await startTestPeer({ discovery: segment.factory });
    await using b = await startTestPeer({ discovery: segment.factory, library: library(1, game("ggoo")) });
    await eventually(() => a.mesh.peers().length === 1 && b.mesh.peers().length === 1);
    const { length } = a.events;
    b.publish(library(2, game("ggoo"), game("bf1942")));
    await eventually(() => a.mesh.games().length === 2);
    expect(a.events.slice(length)).toEqual([
      { type: "peer-updated", ...a.mesh.peers()[0] },
      { type: "remote-games-changed" },
    ]);
    expect(a.mesh.peers()).toMatchObject([{ libraryRev: 2, gameCount: 2 }]);
    expect(hellos([a, b])).toHaveLength(1);
  });

  it("is asked for where the hello was older than the announcement", async () => {
    const segment = createMemorySegment();
    const clock = createVirtualClock();
    await using a = await startTestPeer({ discovery: segment.factory, clock });
    await using raw = await startRawPeer();
    const asked: string[] = [];
    raw.answerWith((request) => {
      asked.push(request.type);
      return request.type === "hello"
        ? { ...raw.hello({ library: library(1) }), type: "hello_ack" }
        : { type: "games", snapshot: library(2, game("ggoo")) };
    });
    const addresses = [{ host: "127.0.0.1", port: raw.endpoint.address.port }];
    segment.plant(record(a, { peerId: raw.identity.peerId, libraryRev: 2, addresses }));
    await eventually(async () => {
      await clock.advanceAsync(100);
      return a.mesh.peers().length === 1;
    });
    await clock.advanceAsync(2_000);
    await eventually(() => a.mesh.games().length === 1);
    expect(asked).toEqual(["hello", "list_games"]);
  });

  it("tells of a revision in which nothing shown is another only as such", async () => {
    await using a = await startTestPeer();
    await using raw = await startRawPeer();
    const { channel } = await raw.dial(a.port);
    await channel.request(raw.hello({ library: library(1, game("ggoo")) }));
    const { length } = a.events;
    await channel.request(raw.hello({ library: library(1, game("ggoo")) }));
    expect(a.events.slice(length)).toEqual([]);
    await channel.request(raw.hello({ library: library(2, game("ggoo", { installed: true })) }));
    expect(types(a.events.slice(length))).toEqual(["peer-updated"]);
  });

  it("keeps what the catalog does not have out of lists, counts and events", async () => {
    const text = JSON.stringify({ format: 1, name: "party", games: [{ id: "ggoo", name: "Gang Garrison" }] });
    await using a = await startTestPeer({ catalog: createCatalog(text, "catalog.json") });
    await using raw = await startRawPeer();
    const { channel } = await raw.dial(a.port);
    await channel.request(raw.hello({ library: library(1, game("evil")) }));
    expect(types(a.events)).toEqual(["peer-discovered", "peer-count-updated"]);
    expect(a.mesh.peers()).toMatchObject([{ gameCount: 0 }]);
    expect(a.mesh.games()).toEqual([]);
    expect(a.mesh.candidates(game("evil").id)).toEqual([]);
    await channel.request(raw.hello({ library: library(2, game("evil"), game("ggoo")) }));
    expect(a.mesh.games()).toMatchObject([{ id: "ggoo", name: "Gang Garrison" }]);
  });

  it("a delta is applied on top of what is held; a gap needs a snapshot, which is asked for", async () => {
    const clock = createVirtualClock();
    await using a = await startTestPeer({ clock });
    await using raw = await startRawPeer();
    const { channel } = await raw.dial(a.port);
    const delta = (from_rev: number, to_rev: number, ...added: ReturnType<typeof game>[]) => ({
      type: "library_delta" as const,
      peer_id: raw.identity.peerId,
      delta: { from_rev, to_rev, added, updated: [], removed: [] },
    });
    raw.answerWith(() => ({ type: "games", snapshot: library(9, game("quake")) }));
    await channel.request(raw.hello({ library: library(1, game("ggoo")) }));

    expect(await channel.request(delta(1, 2, game("bf1942")))).toEqual({ type: "ok" });
    expect(a.mesh.games().map(({ id }) => id)).toEqual(["bf1942", "ggoo"]);
    expect(await channel.request(delta(0, 2, game("quake")))).toEqual({ type: "ok" });
    expect(a.mesh.games()).toHaveLength(2);

    expect(await channel.request(delta(8, 9, game("doom")))).toMatchObject({ code: "need_snapshot" });
    expect(a.mesh.games()).toHaveLength(2);
    await clock.advanceAsync(2_000);
    await eventuallyPasses(() => {
      expect(a.mesh.games().map(({ id }) => id)).toEqual(["quake"]);
      expect(a.mesh.peers()).toMatchObject([{ libraryRev: 9 }]);
    });
  });
});
