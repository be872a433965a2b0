import { networkInterfaces } from "node:os";
import { formatListenAddress } from "@lanspread/proto";
import { createVirtualClock, eventually, eventuallyPasses } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import { createPartyCa } from "../../src/identity/index.ts";
import { PING_AFTER_MS } from "../../src/peers/constants.ts";
import { startRawPeer } from "./raw-peer.ts";
import { game, library, makeIdentity, startTestPeer, types } from "./support.ts";

describe("connect", () => {
  it("an address that somebody else claims to have finds who really is there", async () => {
    await using a = await startTestPeer();
    await using b = await startTestPeer({ name: "b" });
    await using liar = await startRawPeer();
    liar.answerWith(() => ({ type: "pong" }));
    const { channel } = await liar.dial(a.port);
    await channel.request(liar.hello({ listen_addr: b.addr }));
    expect(a.mesh.peers()).toMatchObject([{ peerId: liar.identity.peerId, addr: b.addr }]);
    expect(await a.mesh.connect(b.addr)).toBe(b.peerId);
    // And who is there already is not dialled again.
    expect(await a.mesh.connect(b.addr)).toBe(b.peerId);
    expect(b.served.filter(({ type }) => type === "hello")).toHaveLength(1);
  });

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

  it("waits for a peer that does not answer yet, and tells it what there is by then", async () => {
    await using a = await startTestPeer();
    await using b = await startTestPeer({ start: false });
    const joined = a.mesh.connect(b.addr);
    await eventually(() => b.endpoint.stats().connections === 1 && b.endpoint.stats().halfOpen === 0);
    b.publish(library(2, game("ggoo")));
    await b.start();
    expect(await joined).toBe(b.peerId);
    expect(a.mesh.peers()).toMatchObject([{ peerId: b.peerId, libraryRev: 2, gameCount: 1 }]);
  });

  it("before the start: what the other side asks meanwhile is answered behind it", async () => {
    const { id } = game("ggoo");
    await using a = await startTestPeer({ library: library(1, game("ggoo")), start: false });
    await using b = await startTestPeer();
    await a.mesh.connect(b.addr);
    const [candidate] = b.mesh.candidates(id);
    const answer = candidate?.channel.request({ type: "list_games" });
    // That has come when the pong has, which is asked for again: b sends it later.
    await a.mesh.connect(b.addr);
    expect(b.served.map(({ type }) => type)).toEqual(["hello", "ping"]);
    await a.start();
    expect(await answer).toEqual({ type: "games", snapshot: library(1, game("ggoo")) });
  });

  it("gives both sides a channel over the one connection", async () => {
    await using a = await startTestPeer({ library: library(1, game("ggoo")) });
    await using b = await startTestPeer({ library: library(1, game("ggoo")) });
    await a.mesh.connect(b.addr);
    for (const { mesh } of [a, b]) {
      const [candidate] = mesh.candidates(game("ggoo").id);
      const answer = await candidate?.channel.request({ type: "list_games" });
      expect(answer).toEqual({ type: "games", snapshot: library(1, game("ggoo")) });
    }
    expect([a, b].map(({ endpoint }) => endpoint.stats().connections)).toEqual([1, 1]);
  });

  it("has everything applied when the first event comes", async () => {
    await using a = await startTestPeer({ library: library(1, game("ggoo")) });
    await using b = await startTestPeer({ library: library(1, game("ggoo")) });
    const seen: unknown[] = [];
    for (const { mesh } of [a, b]) {
      mesh.onEvent(({ type }) => {
        const candidates = mesh.candidates(game("ggoo").id).length;
        seen.push([type, mesh.peers().length, mesh.games().length, candidates]);
      });
    }
    await a.mesh.connect(b.addr);
    const each = ["peer-discovered", "peer-count-updated", "remote-games-changed"];
    expect(seen).toEqual([...each, ...each].map((type) => [type, 1, 1, 1]));
  });

  it("to a peer that is connected already is answered from the connection there is", async () => {
    await using a = await startTestPeer();
    await using b = await startTestPeer();
    await a.mesh.connect(b.addr);
    expect(await a.mesh.connect(b.addr)).toBe(b.peerId);
    expect(b.served.map(({ type }) => type)).toEqual(["hello", "ping"]);
    expect(a.endpoint.stats().connections).toBe(1);
  });

  it("refuses its own address before anything is sent", async () => {
    await using a = await startTestPeer();
    await expect(a.mesh.connect(a.addr)).rejects.toMatchObject({ code: "self-connect" });
    await using wide = await startTestPeer({ host: "0.0.0.0" });
    const own = Object.values(networkInterfaces())
      .flatMap((all) => all ?? [])
      .filter(({ family }) => family === "IPv4")
      .map(({ address }) => address);
    for (const host of [...own, "127.1.2.3", "0.0.0.0"]) {
      const addr = formatListenAddress({ host, port: wide.port });
      await expect(wide.mesh.connect(addr)).rejects.toMatchObject({ code: "self-connect" });
    }
    expect([a, wide].map(({ endpoint }) => endpoint.stats().datagramsSent)).toEqual([0, 0]);
  });

  it("refuses itself by its id where the address does not show it", async () => {
    await using a = await startTestPeer();
    await using twin = await startTestPeer({ identity: a.identity });
    await expect(a.mesh.connect(twin.addr)).rejects.toMatchObject({ code: "self-connect" });
    expect(a.mesh.peers()).toEqual([]);
    expect(twin.mesh.peers()).toEqual([]);
    expect(twin.served).toEqual([]);
    expect(a.events).toEqual([]);
  });

  it.each(["", "127.0.0.1", "localhost:4000", "127.0.0.1:0", "127.0.0.1:65536", "[::1]4000"])(
    "refuses %j, which is no address",
    async (addr) => {
      await using a = await startTestPeer();
      await expect(a.mesh.connect(addr)).rejects.toMatchObject({ code: "bad-request" });
    },
  );

  it("says when nobody answers, and names the address", async () => {
    await using a = await startTestPeer();
    await using silent = await startRawPeer();
    const { port } = silent.endpoint.address;
    await silent.endpoint.close();
    const failed = a.mesh.connect(`127.0.0.1:${port}`);
    await expect(failed).rejects.toMatchObject({ code: "connect-failed" });
    await expect(failed).rejects.toThrow(`127.0.0.1:${port}`);
  });

  it("says when an address is of a family that it does not listen on", async () => {
    await using a = await startTestPeer();
    await expect(a.mesh.connect("[::1]:4000")).rejects.toMatchObject({ code: "connect-failed" });
  });

  it("can be cancelled, and ends when the mesh stops", async () => {
    await using a = await startTestPeer();
    await using silent = await startRawPeer();
    silent.answerWith(() => null);
    const addr = formatListenAddress(silent.endpoint.address);
    const controller = new AbortController();
    const cancelled = expect(a.mesh.connect(addr, { signal: controller.signal })).rejects.toMatchObject({
      code: "cancelled",
    });
    const stopped = expect(a.mesh.connect(addr)).rejects.toMatchObject({ code: "shutting-down" });
    await eventually(() => a.endpoint.stats().connections === 2);
    controller.abort();
    await cancelled;
    await a.mesh.stop();
    await stopped;
    await expect(a.mesh.connect(addr)).rejects.toMatchObject({ code: "shutting-down" });
  });
});

describe("who may not join", () => {
  it("a peer of another party's CA: refused by TLS, on either side", async () => {
    await using a = await startTestPeer();
    const other = await createPartyCa({ name: "other" });
    await using b = await startTestPeer({ identity: await makeIdentity(other) });
    await expect(a.mesh.connect(b.addr)).rejects.toMatchObject({ code: "wrong-party" });
    await expect(b.mesh.connect(a.addr)).rejects.toMatchObject({ code: "wrong-party" });
    expect([...a.mesh.peers(), ...b.mesh.peers()]).toEqual([]);
    expect([...a.served, ...b.served]).toEqual([]);
  });

  it("a peer of another party's name: refused by the hello, and shown", async () => {
    await using a = await startTestPeer();
    await using b = await startTestPeer({ party: "other" });
    await expect(a.mesh.connect(b.addr)).rejects.toMatchObject({ code: "wrong-party" });
    expect(b.events).toEqual([
      {
        type: "peer-incompatible",
        peerId: a.peerId,
        addr: formatListenAddress(a.endpoint.address),
        reason: "belongs to the party test, not other",
      },
    ]);
    await expect(a.mesh.connect(b.addr)).rejects.toMatchObject({ code: "wrong-party" });
    expect(b.events).toHaveLength(1);
    expect([...a.mesh.peers(), ...b.mesh.peers()]).toEqual([]);
  });

  it("a peer of another protocol version: refused by TLS", async () => {
    await using a = await startTestPeer();
    await using old = await startTestPeer({ alpn: "lanspread/4" });
    await expect(a.mesh.connect(old.addr)).rejects.toMatchObject({ code: "incompatible-peer" });
    await expect(old.mesh.connect(a.addr)).rejects.toMatchObject({ code: "incompatible-peer" });
  });

  it("a hello of another protocol version: refused, and shown", async () => {
    await using a = await startTestPeer();
    await using old = await startRawPeer();
    const { channel } = await old.dial(a.port);
    expect(await channel.request(old.hello({ proto_ver: 4 }))).toMatchObject({
      type: "error",
      code: "unsupported_version",
    });
    expect(a.events).toMatchObject([
      {
        type: "peer-incompatible",
        peerId: old.identity.peerId,
        reason: expect.stringContaining("version 4"),
      },
    ]);
    expect(a.mesh.peers()).toEqual([]);
  });

  it.each([
    ["another version", { proto_ver: 6 }, "incompatible-peer"],
    ["another party", { party: "other" }, "wrong-party"],
    ["another's id", { peer_id: "12345678-0000-8000-8000-000000000000" as never }, "connect-failed"],
  ])("an answer to the hello that names %s", async (_, changes, code) => {
    // Time stands still: what closes the connection is the refusal, not its deadline.
    await using a = await startTestPeer({ clock: createVirtualClock() });
    await using raw = await startRawPeer();
    raw.answerWith(() => ({ ...raw.hello(changes), type: "hello_ack" }));
    const failed = a.mesh.connect(formatListenAddress(raw.endpoint.address));
    await expect(failed).rejects.toMatchObject({ code });
    expect(a.mesh.peers()).toEqual([]);
    expect(a.events).toEqual([]);
    await eventually(() => a.endpoint.stats().connections === 0);
  });

  it("an impostor that claims another's id: refused, the other one stays as it is", async () => {
    await using a = await startTestPeer();
    await using b = await startTestPeer({ library: library(5, game("ggoo")) });
    await a.mesh.connect(b.addr);
    const before = [...a.mesh.peers()];
    const { length } = a.events;
    await using impostor = await startRawPeer();
    const { channel } = await impostor.dial(a.port);
    expect(await channel.request(impostor.hello({ peer_id: b.peerId }))).toMatchObject({
      code: "wrong_peer",
    });
    expect(await channel.request({ type: "goodbye", peer_id: b.peerId })).toMatchObject({
      code: "wrong_peer",
    });
    expect(await channel.request(impostor.hello({ peer_id: a.peerId }))).toMatchObject({ type: "error" });
    expect(a.mesh.peers()).toEqual(before);
    expect(a.events.slice(length)).toEqual([]);
  });

  it("who says nothing is closed after a while", async () => {
    const clock = createVirtualClock();
    await using a = await startTestPeer({ clock });
    await using raw = await startRawPeer();
    const { connection } = await raw.dial(a.port);
    await eventually(() => clock.pending > 0);
    clock.advance(10_000);
    expect(await connection.closed).toMatchObject({ byPeer: true, app: true, reason: "no hello" });
    expect(clock.pending).toBe(0);
  });

  it("who has not said hello is served nothing", async () => {
    await using a = await startTestPeer({ library: library(1, game("ggoo")) });
    await using raw = await startRawPeer();
    const { channel } = await raw.dial(a.port);
    expect(await channel.request({ type: "list_games" })).toMatchObject({ type: "error" });
    await channel.request(raw.hello());
    expect(await channel.request({ type: "list_games" })).toMatchObject({ type: "games" });
  });
});

describe("goodbye and loss", () => {
  it("a goodbye drops the peer at once, on either side of the connection", async () => {
    for (const leaving of [0, 1]) {
      await using a = await startTestPeer({ library: library(1, game("ggoo")) });
      await using b = await startTestPeer({ library: library(1, game("ggoo")) });
      await a.mesh.connect(b.addr);
      const [goes, stays] = leaving === 0 ? [a, b] : [b, a];
      const { length } = stays.events;
      await goes.mesh.stop();
      await eventuallyPasses(() => {
        expect(stays.events.slice(length)).toEqual([
          { type: "peer-lost", peerId: goes.peerId, reason: "goodbye" },
          { type: "peer-count-updated", count: 0 },
          { type: "remote-games-changed" },
        ]);
      });
      expect(stays.mesh.candidates(game("ggoo").id)).toEqual([]);
      await eventually(() => stays.endpoint.stats().connections === 0);
    }
  });

  it("a peer that closes its connection without a word is lost, and can come back as the same entry", async () => {
    await using a = await startTestPeer();
    await using raw = await startRawPeer();
    const { connection, channel } = await raw.dial(a.port);
    await channel.request(raw.hello({ library: library(7, game("ggoo")) }));
    connection.close();
    await eventually(() => a.mesh.peers().length === 0);
    expect(types(a.events).slice(-3)).toEqual(["peer-lost", "peer-count-updated", "remote-games-changed"]);
    const again = await raw.dial(a.port);
    await again.channel.request(raw.hello({ library: library(7, game("ggoo")) }));
    expect(a.mesh.peers()).toMatchObject([{ peerId: raw.identity.peerId, libraryRev: 7, gameCount: 1 }]);
  });

  it("a second connection is tolerated: the peer is here until both are over", async () => {
    await using a = await startTestPeer();
    await using raw = await startRawPeer();
    const first = await raw.dial(a.port);
    await first.channel.request(raw.hello({ library: library(7, game("ggoo")) }));
    const { length } = a.events;
    const second = await raw.dial(a.port);
    await second.channel.request(raw.hello({ library: library(7, game("ggoo")) }));
    expect(a.events).toHaveLength(length);
    const [candidate] = a.mesh.candidates(game("ggoo").id);
    second.connection.close();
    await eventually(() => a.endpoint.stats().connections === 1);
    expect(a.mesh.peers()).toHaveLength(1);
    expect(await candidate?.channel.request({ type: "list_games" })).toEqual({ type: "ok" });
    first.connection.close();
    await eventually(() => a.mesh.peers().length === 0);
    await expect(candidate?.channel.request({ type: "list_games" })).rejects.toMatchObject({
      code: "connect-failed",
    });
  });

  it("a peer that answers no ping is lost, and its connection closed", async () => {
    const clock = createVirtualClock();
    await using a = await startTestPeer({ clock });
    await using raw = await startRawPeer();
    const pings: string[] = [];
    raw.answerWith((request) => {
      pings.push(request.type);
      return null;
    });
    const { connection, channel } = await raw.dial(a.port);
    await channel.request(raw.hello());
    await clock.advanceAsync(15_000);
    await eventually(() => pings.length === 1);
    expect(a.mesh.peers()).toHaveLength(1);
    await clock.advanceAsync(20_000);
    expect(a.events.slice(-2)).toEqual([
      { type: "peer-lost", peerId: raw.identity.peerId, reason: "2 pings without answer" },
      { type: "peer-count-updated", count: 0 },
    ]);
    expect(await connection.closed).toMatchObject({ byPeer: true });
    expect(clock.pending).toBe(0);
  });

  it("any message refreshes when a peer was seen; a ping tells how far it is", async () => {
    const clock = createVirtualClock();
    await using a = await startTestPeer({ clock });
    await using raw = await startRawPeer();
    raw.answerWith(() => {
      clock.advance(7);
      return { type: "pong" };
    });
    const { peerId } = raw.identity;
    expect(a.mesh.contact(peerId)).toBeUndefined();
    const { channel } = await raw.dial(a.port);
    await channel.request(raw.hello());
    expect(a.mesh.contact(peerId)).toEqual({ lastSeenAt: 0, rttMs: null });
    await clock.advanceAsync(4_000);
    await channel.request({ type: "list_games" });
    expect(a.mesh.contact(peerId)).toEqual({ lastSeenAt: 4_000, rttMs: null });
    await clock.advanceAsync(PING_AFTER_MS);
    await eventually(() => a.mesh.contact(peerId)?.rttMs !== null);
    expect(a.mesh.contact(peerId)).toEqual({ lastSeenAt: 4_000 + PING_AFTER_MS + 7, rttMs: 7 });
  });

  it("any message keeps a peer: no ping is sent while it asks", async () => {
    const clock = createVirtualClock();
    await using a = await startTestPeer({ clock });
    await using raw = await startRawPeer();
    const asked: string[] = [];
    raw.answerWith((request) => {
      asked.push(request.type);
      return { type: "pong" };
    });
    const { channel } = await raw.dial(a.port);
    await channel.request(raw.hello());
    for (let i = 0; i < 10; i++) {
      await clock.advanceAsync(14_000);
      await channel.request({ type: "ping", peer_id: raw.identity.peerId });
    }
    expect(asked).toEqual([]);
    await clock.advanceAsync(15_000);
    await eventually(() => asked.length === 1);
    expect(a.mesh.peers()).toHaveLength(1);
  });
});
