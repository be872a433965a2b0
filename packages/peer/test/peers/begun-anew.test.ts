import type { LibrarySnapshot } from "@lanspread/proto";
import { createVirtualClock, eventually, eventuallyPasses } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import { OLDER_ANNOUNCEMENT_MS } from "../../src/peers/constants.ts";
import { createMemorySegment, type MemorySegment } from "./memory-discovery.ts";
import { type RawPeer, startRawPeer } from "./raw-peer.ts";
import { game, library, makeIdentities, startTestPeer, type TestPeer } from "./support.ts";

/** What `a` shows of the only other peer. */
function shownBy(a: TestPeer) {
  return {
    peers: a.mesh.peers().map(({ libraryRev }) => libraryRev),
    games: a.mesh.games().map(({ id }) => id),
  };
}

/** Answers as a peer that has this library. */
function answerAs(raw: RawPeer, snapshot: () => LibrarySnapshot): string[] {
  const asked: string[] = [];
  raw.answerWith((request) => {
    asked.push(request.type);
    return request.type === "list_games" ? { type: "games", snapshot: snapshot() } : { type: "pong" };
  });
  return asked;
}

function announce(segment: MemorySegment, raw: RawPeer, libraryRev: number): void {
  segment.plant({
    ...{ peerId: raw.identity.peerId, protoVer: 5, libraryRev, party: "test", name: "raw" },
    addresses: [{ host: "127.0.0.1", port: raw.endpoint.address.port }],
  });
}

describe("a peer whose revisions have begun anew", () => {
  it("is shown as it is when it has said hello, and so are its changes", async () => {
    const segment = createMemorySegment();
    const [own, theirs] = await makeIdentities(2);
    if (own === undefined || theirs === undefined) throw new Error("two");
    await using a = await startTestPeer({ identity: own, discovery: segment.factory });
    const before = await startTestPeer({
      ...{ identity: theirs, discovery: segment.factory },
      library: library(300, game("ggoo"), game("quake")),
    });
    await eventuallyPasses(() => expect(shownBy(a)).toEqual({ peers: [300], games: ["ggoo", "quake"] }));
    await before.crash();
    await using again = await startTestPeer({
      ...{ identity: theirs, discovery: segment.factory },
      library: library(1, game("quake")),
    });
    await eventuallyPasses(() => expect(shownBy(a)).toEqual({ peers: [1], games: ["quake"] }));
    again.publish(library(2, game("doom")));
    await eventuallyPasses(() => expect(shownBy(a)).toEqual({ peers: [2], games: ["doom"] }));
    expect(a.mesh.peers()).toMatchObject([{ peerId: theirs.peerId, addr: again.addr }]);
  });

  it("is asked where its former connection still looks alive: that hello could be a late one", async () => {
    const clock = createVirtualClock();
    await using a = await startTestPeer({ clock });
    await using raw = await startRawPeer();
    const asked = answerAs(raw, () => library(1, game("quake")));
    const former = await raw.dial(a.port);
    await former.channel.request(raw.hello({ library: library(300, game("ggoo")) }));
    const later = await raw.dial(a.port);
    await later.channel.request(raw.hello({ library: library(1, game("quake")) }));
    await eventuallyPasses(async () => {
      await clock.advanceAsync(1);
      expect(shownBy(a)).toEqual({ peers: [1], games: ["quake"] });
    });
    expect(asked.filter((type) => type === "list_games")).toHaveLength(1);
  });

  it.each([
    ["again", false],
    ["on another connection", true],
  ])("is not taken for such a one where only a hello came late, %s", async (_, elsewhere) => {
    const clock = createVirtualClock();
    await using a = await startTestPeer({ clock });
    await using raw = await startRawPeer();
    const asked = answerAs(raw, () => library(4, game("ggoo"), game("quake")));
    const first = await raw.dial(a.port);
    await first.channel.request(raw.hello({ library: library(4, game("ggoo"), game("quake")) }));
    const { length } = a.events;
    const second = elsewhere ? await raw.dial(a.port) : first;
    await second.channel.request(raw.hello({ library: library(3, game("ggoo")) }));
    await eventually(async () => {
      await clock.advanceAsync(1);
      return asked.includes("list_games");
    });
    await clock.advanceAsync(10);
    expect(shownBy(a)).toEqual({ peers: [4], games: ["ggoo", "quake"] });
    expect(a.events.slice(length)).toEqual([]);
  });

  it("is asked once when it goes on announcing less than is held", async () => {
    const clock = createVirtualClock();
    const segment = createMemorySegment();
    await using a = await startTestPeer({ clock, discovery: segment.factory });
    await using raw = await startRawPeer();
    let snapshot = library(300, game("ggoo"));
    const asked = answerAs(raw, () => snapshot);
    const { channel } = await raw.dial(a.port);
    await channel.request(raw.hello({ library: snapshot }));
    announce(segment, raw, 300);
    await clock.advanceAsync(OLDER_ANNOUNCEMENT_MS);
    snapshot = library(1, game("quake"));
    announce(segment, raw, 1);
    await clock.advanceAsync(OLDER_ANNOUNCEMENT_MS - 1);
    expect(asked).not.toContain("list_games");
    await eventuallyPasses(async () => {
      await clock.advanceAsync(1);
      expect(shownBy(a)).toEqual({ peers: [1], games: ["quake"] });
    });
    announce(segment, raw, 1);
    await clock.advanceAsync(3 * OLDER_ANNOUNCEMENT_MS);
    expect(asked.filter((type) => type === "list_games")).toHaveLength(1);
  });
});
