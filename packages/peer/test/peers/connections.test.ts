import { once } from "node:events";
import { createVirtualClock, eventually } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import { silentLogger } from "../../src/logger.ts";
import { Connections, type Link } from "../../src/peers/connections.ts";
import {
  HELLO_TIMEOUT_MS,
  PING_AFTER_MS,
  SECOND_CONNECTION_PONG_MS,
  SILENCE_LIMIT_MS,
} from "../../src/peers/constants.ts";
import type { RequestContext } from "../../src/peers/index.ts";
import { Joiner } from "../../src/peers/joiner.ts";
import { type RawPeer, startRawPeer } from "./raw-peer.ts";
import { game, library, startTestPeer, types } from "./support.ts";

function createConnections(answersPings: (link: Link) => boolean = () => false) {
  const clock = createVirtualClock();
  const gone: string[] = [];
  const served: RequestContext[] = [];
  const connections = new Connections({
    clock,
    logger: silentLogger,
    serveStream: async (stream, context) => {
      served.push(context);
      stream.reset(0);
      stream.stop(0);
    },
    ping: async (link, signal) => {
      if (answersPings(link)) return;
      await once(signal, "abort");
      throw signal.reason;
    },
    onGone: (_, reason) => gone.push(reason),
  });
  return { clock, gone, served, connections };
}

function addressOf({ endpoint }: RawPeer) {
  return { host: "127.0.0.1", port: endpoint.address.port };
}

describe("Connections", () => {
  it("uses the youngest connection to a peer: after a crash the older one only looks alive", async () => {
    await using own = await startRawPeer();
    await using other = await startRawPeer();
    const { connections } = createConnections();
    const first = connections.add(await own.endpoint.dial(addressOf(other)));
    const second = connections.add(await own.endpoint.dial(addressOf(other)));
    const asked: number[] = [];
    other.answerWith((_, connection) => {
      asked.push(other.inbound.indexOf(connection));
      return { type: "pong" };
    });
    const ping = { type: "ping", peer_id: own.identity.peerId } as const;
    await second.channel.request(ping);
    connections.greet(first.connection.id);
    connections.greet(second.connection.id);
    await connections.channelTo(second.peerId).request(ping);
    expect(asked[1]).toBe(asked[0]);
    connections.closeAll(0, "done");
  });

  it("lets a second connection be that says no hello, as long as the first one lives", async () => {
    await using own = await startRawPeer();
    await using other = await startRawPeer();
    const { connections, clock, gone } = createConnections(() => true);
    const first = connections.add(await own.endpoint.dial(addressOf(other)));
    connections.greet(first.connection.id);
    const second = connections.add(await own.endpoint.dial(addressOf(other)));
    await clock.advanceAsync(HELLO_TIMEOUT_MS);
    expect(second.context.signal.aborted).toBe(false);
    connections.close(first, 0, "done");
    expect(gone).toEqual(["done"]);
    await clock.advanceAsync(HELLO_TIMEOUT_MS - 1);
    expect(second.context.signal.aborted).toBe(false);
    await clock.advanceAsync(1);
    expect(second.context.signal.aborted).toBe(true);
  });

  it("takes every byte that comes for a sign of life", async () => {
    await using own = await startRawPeer();
    await using other = await startRawPeer();
    const { connections, clock, gone } = createConnections();
    const link = connections.add(await own.endpoint.dial(addressOf(other)));
    connections.greet(link.connection.id);
    other.answerWith(() => ({ type: "pong" }));
    for (let waited = 0; waited < 2 * SILENCE_LIMIT_MS; waited += PING_AFTER_MS) {
      await clock.advanceAsync(PING_AFTER_MS - 1);
      await link.channel.request({ type: "ping", peer_id: own.identity.peerId });
    }
    expect(gone).toEqual([]);
    await clock.advanceAsync(SILENCE_LIMIT_MS);
    expect(gone).toHaveLength(1);
  });

  it("closes what is left of a peer's process when the peer greets from another port", async () => {
    await using own = await startRawPeer();
    await using before = await startRawPeer();
    await using after = await startRawPeer({ identity: before.identity });
    const { connections, gone } = createConnections();
    const old = connections.add(await own.endpoint.dial(addressOf(before)));
    const twin = connections.add(await own.endpoint.dial(addressOf(before)));
    for (const link of [old, twin]) connections.greet(link.connection.id);
    expect(old.context.signal.aborted).toBe(false);
    const young = connections.add(await own.endpoint.dial(addressOf(after)));
    expect(twin.context.signal.aborted).toBe(false);
    connections.greet(young.connection.id);
    expect([old, twin, young].map((link) => link.context.signal.aborted)).toEqual([true, true, false]);
    expect(connections.isGreeted(young.peerId)).toBe(true);
    expect(gone).toEqual([]);
    connections.closeAll(0, "done");
  });

  it("closes an older connection of the same port that answers no more, and keeps one that does", async () => {
    await using own = await startRawPeer();
    await using other = await startRawPeer();
    const dead: Link[] = [];
    const { connections, clock, gone } = createConnections((link) => !dead.includes(link));
    const add = async (): Promise<Link> => connections.add(await own.endpoint.dial(addressOf(other)));
    const links = [await add(), await add(), await add()];
    dead.push(...links.slice(0, 1));
    for (const link of links) connections.greet(link.connection.id);
    expect(links.map((link) => link.context.signal.aborted)).toEqual([false, false, false]);
    clock.advance(SECOND_CONNECTION_PONG_MS);
    await eventually(() => links[0]?.context.signal.aborted);
    expect(links.map((link) => link.context.signal.aborted)).toEqual([true, false, false]);
    expect(gone).toEqual([]);
    connections.closeAll(0, "done");
  });

  it("asks again on the new connection what the old one has not answered when it ends", async () => {
    await using own = await startRawPeer();
    await using before = await startRawPeer();
    await using after = await startRawPeer({ identity: before.identity });
    const { connections } = createConnections();
    const asked: string[] = [];
    before.answerWith(() => {
      asked.push("before");
      return null;
    });
    after.answerWith(() => {
      asked.push("after");
      return { type: "pong" };
    });
    const old = connections.add(await own.endpoint.dial(addressOf(before)));
    connections.greet(old.connection.id);
    const ping = { type: "ping", peer_id: own.identity.peerId } as const;
    const answer = connections.channelTo(old.peerId).request(ping);
    await eventually(() => asked.length > 0);
    const young = connections.add(await own.endpoint.dial(addressOf(after)));
    connections.greet(young.connection.id);
    expect(await answer).toEqual({ type: "pong" });
    expect(asked).toEqual(["before", "after"]);
    connections.close(young, 0, "done");
    await expect(connections.channelTo(old.peerId).request(ping)).rejects.toThrow("is not connected");
  });

  it("ends what is served on a connection with it", async () => {
    await using own = await startRawPeer();
    await using other = await startRawPeer();
    const { clock, connections, gone, served } = createConnections();
    const link = connections.add(await own.endpoint.dial(addressOf(other)));
    connections.greet(link.connection.id);
    connections.serve(link);
    const [inbound] = await eventually(() => other.inbound.length > 0 && other.inbound);
    const stream = await inbound?.openStream();
    await stream?.write(new Uint8Array(1));
    const context = await eventually(() => served[0]);
    expect(context).toMatchObject({ peerId: other.identity.peerId, connectionId: link.connection.id });
    expect(context.signal.aborted).toBe(false);
    inbound?.close(0, "over");
    await eventually(() => context.signal.aborted);
    expect(gone).toEqual(["the peer closed the connection: over"]);
    expect(clock.pending).toBe(0);
  });

  it("is told once when a peer is gone, whatever closes its connections", async () => {
    await using own = await startRawPeer();
    await using other = await startRawPeer();
    const { connections, gone } = createConnections();
    const link = connections.add(await own.endpoint.dial(addressOf(other)));
    connections.greet(link.connection.id);
    connections.dismiss(link.peerId, "goodbye");
    connections.dismiss(link.peerId, "goodbye");
    connections.close(link, 0, "again");
    await link.connection.closed;
    expect(gone).toEqual(["goodbye"]);
    expect(connections.greet(link.connection.id)).toBeNull();
  });
});

describe("Joiner", () => {
  it("gives its connection up where the peer has joined by one of its own meanwhile", async () => {
    await using own = await startRawPeer();
    await using other = await startRawPeer();
    const { clock, connections } = createConnections();
    const asked: string[] = [];
    other.answerWith((request) => {
      asked.push(request.type);
      return null;
    });
    const link = connections.add(await own.endpoint.dial(addressOf(other)));
    connections.greet(link.connection.id);
    const self = {
      peerId: own.identity.peerId,
      name: "own",
      party: "test",
      listen: own.endpoint.address,
      lanes: () => [],
      library: () => library(1),
    };
    const joiner = new Joiner({ endpoint: own.endpoint, self, connections, clock, admit: () => null });
    const { signal } = new AbortController();
    expect(await joiner.join([addressOf(other)], other.identity.peerId, signal)).toBe(other.identity.peerId);
    await eventually(() => own.endpoint.stats().connections === 1);
    expect(asked).toEqual([]);
    connections.closeAll(0, "done");
  });
});

describe("a goodbye", () => {
  it("leaves the peer a moment to close its connection, and then closes it", async () => {
    const clock = createVirtualClock();
    await using a = await startTestPeer({ clock });
    await using raw = await startRawPeer();
    const { connection, channel } = await raw.dial(a.port);
    await channel.request(raw.hello({ library: library(1, game("ggoo")) }));
    expect(await channel.request({ type: "goodbye", peer_id: raw.identity.peerId })).toEqual({ type: "ok" });
    expect(types(a.events).slice(-3)).toEqual(["peer-lost", "peer-count-updated", "remote-games-changed"]);
    expect(await channel.request({ type: "list_games" })).toMatchObject({ type: "error" });
    clock.advance(2_000);
    expect(await connection.closed).toMatchObject({ byPeer: true, reason: "no hello" });
    expect(clock.pending).toBe(0);
  });

  it("of a peer that says hello again on the same connection is forgotten", async () => {
    const clock = createVirtualClock();
    await using a = await startTestPeer({ clock });
    await using raw = await startRawPeer();
    const { channel } = await raw.dial(a.port);
    await channel.request(raw.hello());
    await channel.request({ type: "goodbye", peer_id: raw.identity.peerId });
    await channel.request(raw.hello());
    clock.advance(10_000);
    expect(a.mesh.peers()).toHaveLength(1);
    expect(await channel.request({ type: "list_games" })).toMatchObject({ type: "games" });
  });
});
