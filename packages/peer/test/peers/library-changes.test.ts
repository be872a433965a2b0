import { createVirtualClock, eventually, eventuallyPasses } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import { createCatalog } from "../../src/catalog/index.ts";
import { createMemorySegment, record } from "./memory-discovery.ts";
import { startRawPeer } from "./raw-peer.ts";
import { game, library, startTestPeer, types } from "./support.ts";

describe("a library that changes", () => {
  it("is asked for once when its announcement is newer than what is held for 2 s", async () => {
    const segment = createMemorySegment();
    // So little time passes that nobody is dialled by both.
    const clock = createVirtualClock();
    const common = { discovery: segment.factory, clock };
    await using a = await startTestPeer(common);
    await using b = await startTestPeer({ ...common, library: library(1, game("ggoo")) });
    await eventually(async () => {
      await clock.advanceAsync(1);
      return a.mesh.peers().length === 1 && b.mesh.peers().length === 1;
    });
    const { length } = a.events;
    b.publish(library(2, game("ggoo"), game("bf1942")));
    await eventually(() => a.mesh.games().length === 2);
    expect(a.events.slice(length)).toEqual([
      { type: "peer-updated", ...a.mesh.peers()[0] },
      { type: "remote-games-changed" },
    ]);
    expect(a.mesh.peers()).toMatchObject([{ libraryRev: 2, gameCount: 2 }]);
    // Who misses the change itself has the announcement.
    const { peerId } = b;
    expect(segment.records()).toContainEqual(expect.objectContaining({ peerId, libraryRev: 2 }));
    expect([...a.served, ...b.served].filter(({ type }) => type === "hello")).toHaveLength(1);
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
