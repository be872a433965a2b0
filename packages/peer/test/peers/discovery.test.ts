import { formatListenAddress } from "@lanspread/proto";
import { createVirtualClock, eventually, eventuallyPasses } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import { createPartyCa } from "../../src/identity/index.ts";
import { MAX_ADDRESSES_PER_PEER } from "../../src/peers/constants.ts";
import { createMemorySegment, record } from "./memory-discovery.ts";
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

const hellos = (peers: readonly TestPeer[]) =>
  peers.flatMap(({ served }) => served.filter(({ type }) => type === "hello"));

describe("peers that announce themselves", () => {
  it("find each other: the one with the smaller id dials, once", async () => {
    const segment = createMemorySegment();
    const [small, large] = await makeIdentities(2);
    // The larger one comes first: it sees the other as soon as that one sees it. For it no time passes, however long the dial takes.
    await using b = await startTestPeer({
      ...(large === undefined ? {} : { identity: large }),
      discovery: segment.factory,
      clock: createVirtualClock(),
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
    expect(reasons().slice(2)).toEqual(["peer-incompatible-gone", "speaks version 6"]);
    expect(a.mesh.incompatible()).toMatchObject([{ peerId: other.peerId, addr: other.addr }]);
    segment.plant(record(other));
    await eventually(async () => {
      await clock.advanceAsync(100);
      return a.mesh.peers().length === 1;
    });
    segment.plant(record(other, { protoVer: 6 }));
    await clock.advanceAsync(1);
    expect(reasons().slice(4)).toEqual([
      "peer-incompatible-gone",
      "peer-discovered",
      "peer-count-updated",
      "speaks version 6",
    ]);
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
      deadlineMs: 60_000,
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
