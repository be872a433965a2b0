import { createVirtualClock, eventually, eventuallyPasses } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import { PING_AFTER_MS } from "../../src/peers/constants.ts";
import { startRawPeer } from "./raw-peer.ts";
import { game, library, startTestPeer, types } from "./support.ts";

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
