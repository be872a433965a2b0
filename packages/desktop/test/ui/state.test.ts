import {
  asGameId,
  type ListedGame,
  type ListedPeer,
  peerIdSchema,
  type RuntimeEvent,
} from "@lanspread/proto";
import { describe, expect, it } from "vitest";
import type { DesktopSnapshot } from "../../protocol/snapshot.ts";
import { partyView } from "../../shell/session/party-view.ts";
import { AT_START, isListOld, type PageState, stateAfter, stateWith } from "../../ui/src/state/state.ts";
import { createStore } from "../../ui/src/state/store.ts";

const QUAKE = asGameId("quake");
const PEER = peerIdSchema.parse("0f3c9a54-0000-8000-8000-000000000001");
const GAME: ListedGame = {
  id: QUAKE,
  name: "Quake",
  version: null,
  size: 1,
  downloaded: false,
  installed: false,
  localVersion: null,
  availability: null,
  peerCount: 1,
  operation: null,
};

function shown(games: readonly ListedGame[] = [GAME]): PageState {
  const snapshot = {
    games,
    progress: {},
    failures: {},
    peers: [],
    status: { operations: [], libraryRev: 0 },
  };
  return { isConnected: true, snapshot: snapshot as unknown as DesktopSnapshot };
}

function after(state: PageState, ...events: RuntimeEvent[]): PageState {
  return events.reduce(stateAfter, state);
}

const BUSY: RuntimeEvent = {
  type: "active-operations-changed",
  operations: [{ gameId: QUAKE, kind: "downloading" }],
};
const PROGRESS: RuntimeEvent = {
  type: "download-progress",
  gameId: QUAKE,
  doneBytes: 5,
  totalBytes: 10,
  bytesPerSecond: 2,
  etaSeconds: 3,
  sources: 1,
  rates: { [PEER]: 2 },
};

describe("what the page knows", () => {
  it("lists people in one order, whether a snapshot or an event has told of them", () => {
    const person = (name: string, last: number): ListedPeer => ({
      peerId: peerIdSchema.parse(`0f3c9a54-0000-8000-8000-00000000000${last}`),
      name,
      addr: "127.0.0.1:1",
      gameCount: 0,
      libraryRev: 1,
    });
    const [ten, nine, ada, other] = [
      person("Player 10", 1),
      person("player 9", 2),
      person("Ada", 4),
      person("Ada", 3),
    ];
    const { snapshot } = shown();
    if (snapshot === null) throw new Error("it was made a line above");
    const state = stateWith(AT_START, { ...snapshot, peers: [ten, nine, ada, other] });
    expect(state.snapshot?.peers).toEqual([other, ada, nine, ten]);
    const told = [ten, nine, ada, other].map((peer) => ({ type: "peer-updated" as const, ...peer }));
    expect(after(shown(), ...told).snapshot?.peers).toEqual([other, ada, nine, ten]);
    const { members } = partyView({ peers: [ten, nine, ada, other], remoteGames: [] }, new Map());
    expect(members.map(({ peerId }) => peerId)).toEqual([other, ada, nine, ten].map(({ peerId }) => peerId));
  });

  it("follows operations and how far they are, until they end", () => {
    const busy = after(shown(), BUSY, PROGRESS);
    expect(busy.snapshot?.games[0]?.operation).toBe("downloading");
    expect(busy.snapshot?.progress).toEqual({
      quake: {
        phase: "downloading",
        doneBytes: 5,
        totalBytes: 10,
        bytesPerSecond: 2,
        etaSeconds: 3,
        rates: { [PEER]: 2 },
        fetched: {},
      },
    });
    const done = after(busy, { type: "active-operations-changed", operations: [] });
    expect(done.snapshot?.games).toEqual([GAME]);
    expect(done.snapshot?.progress).toEqual({});
  });

  it("follows who is here, by name", () => {
    const ada = { peerId: PEER, name: "Ada", addr: "1.2.3.4:5", libraryRev: 1, gameCount: 2 };
    const bob = { ...ada, peerId: peerIdSchema.parse("0f3c9a54-0000-8000-8000-000000000002"), name: "Bob" };
    const both = after(shown(), { type: "peer-discovered", ...bob }, { type: "peer-discovered", ...ada });
    expect(both.snapshot?.peers).toEqual([ada, bob]);
    const updated = after(both, { type: "peer-updated", ...ada, gameCount: 3 });
    expect(updated.snapshot?.peers).toEqual([{ ...ada, gameCount: 3 }, bob]);
    expect(after(updated, { type: "peer-lost", peerId: PEER, reason: "goodbye" }).snapshot?.peers).toEqual([
      bob,
    ]);
  });

  it("stays the very same where an event says nothing that is shown", () => {
    const state = shown();
    expect(after(state, { type: "peer-count-updated", count: 3 })).toBe(state);
    expect(after(AT_START, BUSY)).toBe(AT_START);
  });

  it("is old where the own games have changed", () => {
    expect(isListOld({ type: "local-library-changed", libraryRev: 1, games: [], warnings: [] })).toBe(true);
    expect(isListOld(BUSY)).toBe(false);
  });
});

describe("a store", () => {
  it("tells all changes of one frame together, and none where nothing changed", () => {
    const frames: (() => void)[] = [];
    const store = createStore(0, (callback) => frames.push(callback));
    let heard = 0;
    const noMore = store.subscribe(() => {
      heard += 1;
    });
    store.set(0);
    expect(frames).toHaveLength(0);
    for (const value of [1, 2, 3]) store.set(value);
    expect([frames.length, heard, store.get()]).toEqual([1, 0, 3]);
    frames.shift()?.();
    expect(heard).toBe(1);
    store.set(4);
    noMore();
    frames.shift()?.();
    expect(heard).toBe(1);
  });
});

describe("a store of figures", () => {
  it("tells of them a little later and all together, of anything else in the next frame", () => {
    const [frames, pauses]: [(() => void)[], (() => void)[]] = [[], []];
    const store = createStore(
      0,
      (callback) => frames.push(callback),
      (callback) => pauses.push(callback),
    );
    const heard: number[] = [];
    store.subscribe(() => heard.push(store.get()));
    for (const value of [1, 2, 2]) store.setCalmly(value);
    expect([frames.length, pauses.length, store.get()]).toEqual([0, 1, 2]);
    store.set(3);
    store.setCalmly(4);
    expect([frames.length, pauses.length]).toEqual([1, 1]);
    frames.shift()?.();
    expect(heard).toEqual([4]);
    store.setCalmly(5);
    pauses.shift()?.();
    frames.shift()?.();
    expect(heard).toEqual([4, 5]);
    store.setCalmly(6);
    expect(pauses).toHaveLength(1);
  });
});

describe("the party", () => {
  const stranger = { peerId: PEER, addr: "1.2.3.4:5", reason: "speaks version 4" };

  it("has those who cannot join, each with the last reason, until they are gone", () => {
    const met: RuntimeEvent = { type: "peer-incompatible", ...stranger };
    const twice = after(party(), met, { ...met, reason: "speaks version 6" });
    expect(twice.snapshot?.incompatible).toEqual([{ ...stranger, reason: "speaks version 6" }]);
    expect(after(twice, { ...met, peerId: null }).snapshot?.incompatible).toHaveLength(1);
    expect(after(twice, { type: "peer-incompatible-gone", peerId: PEER }).snapshot?.incompatible).toEqual([]);
  });

  it("has what is being sent, as it was told last", () => {
    const transfers = [{ peerId: PEER, gameId: QUAKE, bytesPerSecond: 3 }];
    const sending = after(party(), { type: "outbound-progress", transfers });
    expect(sending.snapshot?.outbound).toEqual(transfers);
    expect(after(sending, { type: "outbound-progress", transfers: [] }).snapshot?.outbound).toEqual([]);
  });

  function party(): PageState {
    const state = shown();
    return { ...state, snapshot: { ...state.snapshot, outbound: [], incompatible: [] } as never };
  }
});
