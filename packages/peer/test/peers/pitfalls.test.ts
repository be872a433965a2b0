import { X509Certificate } from "node:crypto";
import { asGameId, type Hello, parseRequest } from "@lanspread/proto";
import { createVirtualClock, eventually, eventuallyPasses } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import { loadPartyCa } from "../../src/identity/index.ts";
import { createMemorySegment } from "./memory-discovery.ts";
import { startRawPeer } from "./raw-peer.ts";
import { game, library, makeIdentities, makeIdentity, startTestPeer, types } from "./support.ts";

/** Mistakes that programs of this kind have made in addressing and handshake; one test each. */
describe("addressing and handshake", () => {
  it("a connection's source port is never taken for the peer's address", async () => {
    await using a = await startTestPeer();
    await using raw = await startRawPeer();
    const { channel } = await raw.dial(a.port);
    await channel.request(raw.hello({ listen_addr: "127.0.0.1:45678" }));
    expect(a.mesh.peers()).toMatchObject([{ addr: "127.0.0.1:45678" }]);
    await channel.request(raw.hello({ listen_addr: "0.0.0.0:45679" }));
    expect(a.mesh.peers()).toMatchObject([{ addr: "127.0.0.1:45679" }]);
    expect(raw.endpoint.address.port).not.toBe(45679);
  });

  it("the library is not pushed to a connection's source port: it goes over the connection there is", async () => {
    await using a = await startTestPeer({ library: library(1, game("ggoo")) });
    await using raw = await startRawPeer();
    // Nobody listens where the hello says: all that can be known came by the connection itself.
    const { channel } = await raw.dial(a.port);
    const ack = await channel.request(
      raw.hello({ listen_addr: "127.0.0.9:9", library: library(1, game("doom")) }),
    );
    expect(ack).toMatchObject({ type: "hello_ack", library: library(1, game("ggoo")) });
    expect(a.mesh.games().map(({ id }) => id)).toEqual(["doom"]);
    expect(raw.inbound).toEqual([]);
  });

  it("no hello is sent before the own listener is known: it names the port that is really bound", async () => {
    await using raw = await startRawPeer();
    const hellos: Hello[] = [];
    raw.answerWith((request) => {
      if (request.type === "hello") hellos.push(request);
      return { ...raw.hello(), type: "hello_ack" };
    });
    await using a = await startTestPeer({ port: 0 });
    await a.mesh.connect(`127.0.0.1:${raw.endpoint.address.port}`);
    expect(hellos.map((hello) => hello.listen_addr)).toEqual([`127.0.0.1:${a.endpoint.address.port}`]);
  });

  it("no two code paths fill the remote list apart: hello, list_games and deltas fill the same one", async () => {
    const segment = createMemorySegment();
    const clock = createVirtualClock();
    await using a = await startTestPeer({ discovery: segment.factory, clock });
    await using raw = await startRawPeer();
    const games = [game("ggoo"), game("bf1942")];
    const asked: string[] = [];
    const { port } = raw.endpoint.address;
    const listen_addr = `127.0.0.1:${port}`;
    raw.answerWith((request) => {
      asked.push(request.type);
      return request.type === "hello"
        ? { ...raw.hello({ listen_addr, library: library(1, ...games) }), type: "hello_ack" }
        : { type: "games", snapshot: library(2, ...games) };
    });
    const seen = {
      peerId: raw.identity.peerId,
      protoVer: 5,
      party: "test",
      name: "raw",
      addresses: [{ host: "127.0.0.1", port }],
    };
    segment.plant({ ...seen, libraryRev: 1 });
    await eventually(async () => {
      await clock.advanceAsync(100);
      return a.mesh.peers().length === 1;
    });
    const { length } = a.events;
    const before = a.mesh.games();
    segment.plant({ ...seen, libraryRev: 2 });
    await clock.advanceAsync(2_000);
    await eventually(() => a.mesh.peers()[0]?.libraryRev === 2);
    expect(asked).toEqual(["hello", "list_games"]);
    // The same games: the revision is another, the list is not.
    expect(a.mesh.games()).toBe(before);
    expect(types(a.events.slice(length))).toEqual(["peer-updated"]);
    const { channel } = await raw.dial(a.port);
    const delta = { from_rev: 2, to_rev: 3, added: [], updated: [], removed: [asGameId("ggoo")] };
    await channel.request({ type: "library_delta", peer_id: raw.identity.peerId, delta });
    expect(a.mesh.games().map(({ id }) => id)).toEqual(["bf1942"]);
    expect(a.mesh.peers()).toMatchObject([{ libraryRev: 3, gameCount: 1 }]);
  });

  it("an empty library leads to no second handshake", async () => {
    const segment = createMemorySegment();
    const clock = createVirtualClock();
    const [small, large] = await makeIdentities(2);
    if (small === undefined || large === undefined) throw new Error("two");
    const discovery = segment.factory;
    await using a = await startTestPeer({ identity: small, discovery, clock, library: library(0) });
    await using b = await startTestPeer({ identity: large, discovery, clock, library: library(0) });
    await eventually(async () => {
      await clock.advanceAsync(1);
      return a.mesh.peers().length === 1 && b.mesh.peers().length === 1;
    });
    for (let i = 0; i < 4; i++) {
      await clock.advanceAsync(14_000);
      const [ping] = await Promise.all([a.mesh.connect(b.addr), b.mesh.connect(a.addr)]);
      expect(ping).toBe(b.peerId);
    }
    expect([...a.served, ...b.served].filter(({ type }) => type !== "ping")).toEqual([
      { type: "hello", from: a.peerId },
    ]);
    // Nor to anything else that is asked for again.
    const came = [...a.log, ...b.log].filter(({ message }) => message === "a request came");
    expect(came.map(({ fields }) => fields["request"]).filter((type) => type !== "ping")).toEqual(["hello"]);
    for (const { events } of [a, b]) expect(types(events)).toEqual(["peer-discovered", "peer-count-updated"]);
  });

  it("revisions are compared only with those that the same path moves on", async () => {
    const segment = createMemorySegment();
    const clock = createVirtualClock();
    await using a = await startTestPeer({ discovery: segment.factory, clock });
    await using raw = await startRawPeer();
    const asked: string[] = [];
    let revision = 1;
    const listen_addr = `127.0.0.1:${raw.endpoint.address.port}`;
    raw.answerWith((request) => {
      asked.push(request.type);
      if (request.type === "ping") return { type: "pong" };
      return request.type === "hello"
        ? { ...raw.hello({ listen_addr, library: library(revision) }), type: "hello_ack" }
        : { type: "games", snapshot: library(revision) };
    });
    const announce = () =>
      segment.plant({
        peerId: raw.identity.peerId,
        protoVer: 5,
        libraryRev: revision,
        party: "test",
        name: "raw",
        addresses: [{ host: "127.0.0.1", port: raw.endpoint.address.port }],
      });
    announce();
    await eventually(async () => {
      await clock.advanceAsync(100);
      return a.mesh.peers().length === 1;
    });
    for (revision = 2; revision <= 4; revision++) {
      const due = revision;
      announce();
      await clock.advanceAsync(2_000);
      await eventually(() => a.mesh.peers()[0]?.libraryRev === due);
      announce();
      await clock.advanceAsync(10_000);
      // Whatever was asked before this has come before it.
      await a.mesh.connect(listen_addr);
      expect(asked.filter((type) => type === "list_games")).toHaveLength(due - 1);
    }
    expect(asked.filter((type) => type === "hello")).toHaveLength(1);
  });

  it("a fact that a message says twice cannot diverge: the message is refused, and nothing of it applied", async () => {
    await using a = await startTestPeer();
    await using raw = await startRawPeer();
    const { channel } = await raw.dial(a.port);
    const twice = raw.hello({
      library: library(1, game("ggoo", { version: "1" }), game("ggoo", { version: "2" })),
    });
    expect(() => parseRequest(Buffer.from(JSON.stringify(twice)))).toThrow("twice");
    expect(await channel.request(twice)).toMatchObject({ type: "error", code: "bad_request" });
    expect([a.mesh.peers(), a.mesh.games(), a.events]).toEqual([[], [], []]);
  });

  it("no peer id is made up from an address: it is the same at another address, another at the same address", async () => {
    const [first, second] = await makeIdentities(2);
    if (first === undefined || second === undefined) throw new Error("two");
    await using a = await startTestPeer();
    await using one = await startRawPeer({ identity: first });
    const { channel } = await one.dial(a.port);
    await channel.request(one.hello({ listen_addr: "127.0.0.1:1000", library: library(3, game("ggoo")) }));
    const { length } = a.events;
    await channel.request(one.hello({ listen_addr: "127.0.0.1:2000", library: library(3, game("ggoo")) }));
    expect(a.events.slice(length)).toEqual([
      {
        type: "peer-updated",
        peerId: first.peerId,
        name: "raw",
        addr: "127.0.0.1:2000",
        libraryRev: 3,
        gameCount: 1,
      },
    ]);
    await using other = await startRawPeer({ identity: second });
    const { channel: otherChannel } = await other.dial(a.port);
    await otherChannel.request(other.hello({ listen_addr: "127.0.0.1:2000" }));
    expect(a.mesh.peers().map(({ peerId }) => peerId)).toEqual([first.peerId, second.peerId]);
  });

  it("no certificate of the build has expired or will soon: those of the shipped party join", async () => {
    const shipped = await loadPartyCa();
    const [one, two] = await Promise.all([makeIdentity(shipped), makeIdentity(shipped)]);
    await using a = await startTestPeer({ identity: one });
    await using b = await startTestPeer({ identity: two });
    expect(await a.mesh.connect(b.addr)).toBe(b.peerId);
    const yearMs = 365 * 24 * 60 * 60 * 1000;
    const left = (pem: string) => new X509Certificate(pem).validToDate.getTime() - Date.now();
    expect(left(shipped.certPem)).toBeGreaterThan(10 * yearMs);
    expect(left(one.certPem)).toBeGreaterThan(yearMs);
  });

  it("several peers behind one address are told apart, even where one is announced as another", async () => {
    const segment = createMemorySegment();
    const peers = [
      await startTestPeer({ name: "x", discovery: segment.factory, library: library(1, game("ggoo")) }),
      await startTestPeer({ name: "y", discovery: segment.factory, library: library(1, game("ggoo")) }),
      await startTestPeer({ name: "z", discovery: segment.factory, library: library(1, game("ggoo")) }),
    ] as const;
    try {
      const [x, y, z] = peers;
      // A record that gives z's id the address of y.
      const stranger = segment.records().find(({ peerId }) => peerId === z.peerId);
      if (stranger === undefined) throw new Error("z is not announced");
      await eventually(() => peers.every(({ mesh }) => mesh.peers().length === 2));
      await using w = await startTestPeer({ name: "w", discovery: segment.factory });
      segment.plant({ ...stranger, addresses: [{ host: "127.0.0.1", port: y.port }] });
      segment.plant(stranger);
      await eventuallyPasses(() => {
        expect(
          w.mesh
            .peers()
            .map(({ name, addr }) => [name, addr])
            .sort(),
        ).toEqual([
          ["x", x.addr],
          ["y", y.addr],
          ["z", z.addr],
        ]);
      });
      expect(w.mesh.games()).toMatchObject([{ id: "ggoo", peerCount: 3 }]);
    } finally {
      await Promise.all(peers.map((peer) => peer[Symbol.asyncDispose]()));
    }
  });
});
