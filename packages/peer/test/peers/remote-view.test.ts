import { asPeerId, type GameSummary, type PeerId } from "@lanspread/proto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createCatalog, openCatalogForAll } from "../../src/catalog/index.ts";
import { PeerGameDb } from "../../src/peers/peer-table.ts";
import { RemoteView } from "../../src/peers/remote-view.ts";
import { game, library } from "./support.ts";

const [A, B, C] = ["a", "b", "c"].map((digit) =>
  asPeerId(`${digit.repeat(8)}-0000-8000-8000-000000000000`),
) as [PeerId, PeerId, PeerId];

const catalog = createCatalog(
  JSON.stringify({
    format: 1,
    name: "party",
    games: [
      { id: "ggoo", name: "Gang Garrison", version: "2020.01.01" },
      { id: "bf1942", name: "Battlefield" },
    ],
  }),
  "catalog.json",
);

function view(of = openCatalogForAll, ...has: readonly (readonly [PeerId, ...GameSummary[]])[]) {
  const made = new RemoteView(of);
  for (const [peerId, ...games] of has) {
    made.apply(games.map((summary) => ({ peerId, id: summary.id, summary })));
  }
  return made;
}

describe("RemoteView", () => {
  it("shows each game once, with the peers that can serve its newest version", () => {
    const shown = view(
      openCatalogForAll,
      [A, game("ggoo", { version: "20200101" })],
      [B, game("ggoo", { version: "20210101", size: 2_000 })],
      [C, game("ggoo", { version: "20210101", size: 2_000 }), game("bf1942")],
    ).games();
    expect(shown.map(({ id }) => id)).toEqual(["bf1942", "ggoo"]);
    expect(shown[1]).toEqual({
      id: "ggoo",
      name: "Game ggoo",
      version: "20210101",
      size: 2_000,
      peerCount: 2,
      versions: new Map([
        [A, "20200101"],
        [B, "20210101"],
        [C, "20210101"],
      ]),
    });
  });

  it("counts nobody who has a game but cannot serve it now", () => {
    const ready = game("ggoo", { version: "20200101" });
    const newer = game("ggoo", { version: "20210101", availability: "local_only" });
    expect(view(openCatalogForAll, [A, ready], [B, newer]).games()).toMatchObject([
      { version: "20200101", peerCount: 1 },
    ]);
    expect(view(openCatalogForAll, [B, newer]).games()).toMatchObject([
      { version: "20210101", peerCount: 0 },
    ]);
    expect(view(openCatalogForAll, [B, newer]).servers(newer.id)).toEqual([]);
  });

  it("compares versions as numbers", () => {
    const shown = view(
      openCatalogForAll,
      [A, game("ggoo", { version: "9" })],
      [B, game("ggoo", { version: "10" })],
    );
    expect(shown.games()[0]?.version).toBe("10");
    expect(shown.servers(game("ggoo").id).map(({ peerId }) => peerId)).toEqual([B]);
  });

  it("takes name and version from the catalog where it has them", () => {
    const shown = view(
      catalog,
      [A, game("ggoo", { version: "20200101" })],
      [B, game("ggoo", { version: "20210101" })],
    );
    expect(shown.games()).toMatchObject([{ name: "Gang Garrison", version: "20200101", peerCount: 1 }]);
    expect(shown.servers(game("ggoo").id).map(({ peerId }) => peerId)).toEqual([A]);
  });

  it("shows the newest version there is where nobody has the catalog's", () => {
    const shown = view(catalog, [B, game("ggoo", { version: "20210101" })]);
    expect(shown.games()).toMatchObject([{ version: "20210101", peerCount: 0 }]);
    expect(shown.servers(game("ggoo").id)).toEqual([]);
  });

  it("says whether anything shown has changed", () => {
    const shown = view(openCatalogForAll, [A, game("ggoo")]);
    const id = game("ggoo").id;
    const before = shown.games();
    const hashed = game("ggoo", { content_id: "cd".repeat(32), installed: true });
    expect(shown.apply([{ peerId: A, id, summary: hashed }])).toBe(false);
    expect(shown.games()).toBe(before);
    expect(shown.apply([{ peerId: B, id, summary: game("ggoo") }])).toBe(true);
    expect(shown.apply([{ peerId: C, id, summary: null }])).toBe(false);
    expect(shown.apply([{ peerId: A, id, summary: null }])).toBe(true);
    expect(shown.apply([{ peerId: B, id, summary: null }])).toBe(true);
    expect(shown.games()).toEqual([]);
  });
});

describe("the peer table with the view", () => {
  const someGame = fc
    .record({
      id: fc.constantFrom("ggoo", "bf1942", "quake", "other"),
      version: fc.constantFrom("1", "2", "20200101"),
      availability: fc.constantFrom("ready", "local_only"),
      size: fc.constantFrom(1, 2),
    })
    .map(({ id, ...rest }) => game(id, rest));
  const someLibrary = fc.uniqueArray(someGame, { selector: ({ id }) => id, maxLength: 4 });
  const steps = fc.array(fc.record({ peerId: fc.constantFrom(A, B, C), games: fc.option(someLibrary) }), {
    maxLength: 20,
  });

  it.each([
    ["the open catalog", openCatalogForAll],
    ["a catalog", catalog],
  ])("shows after any history what the last libraries say, with %s", (_, used) => {
    fc.assert(
      fc.property(steps, (history) => {
        const table = new PeerGameDb(used);
        const shown = new RemoteView(used);
        const last = new Map<PeerId, readonly GameSummary[]>();
        let revision = 0;
        for (const { peerId, games } of history) {
          const before = JSON.stringify(plain(shown));
          revision += 1;
          if (games === null) last.delete(peerId);
          else last.set(peerId, games);
          if (games !== null) table.put({ peerId, name: "x", addr: "127.0.0.1:1", features: [] }, revision);
          const changed = shown.apply(
            games === null ? table.remove(peerId) : table.applySnapshot(peerId, library(revision, ...games)),
          );
          // Told exactly when something is different.
          expect(changed).toBe(JSON.stringify(plain(shown)) !== before);
        }
        const fresh = view(
          used,
          ...[...last].map(([peerId, games]) => [peerId, ...games.filter(({ id }) => used.has(id))] as const),
        );
        expect(plain(shown)).toEqual(plain(fresh));
        for (const { id } of shown.games()) expect(used.has(id)).toBe(true);
      }),
    );
  });
});

function plain(shown: RemoteView) {
  return shown.games().map((entry) => ({ ...entry, versions: [...entry.versions] }));
}

describe("PeerGameDb", () => {
  const facts = { peerId: A, name: "a", addr: "127.0.0.1:1", features: [] };

  it("keeps identity and library when the address changes", () => {
    const table = new PeerGameDb(openCatalogForAll);
    table.put(facts, 0);
    table.applySnapshot(A, library(7, game("ggoo")));
    table.moveTo(A, "127.0.0.1:2");
    table.put({ ...facts, addr: "127.0.0.1:3" }, 5);
    expect(table.list()).toEqual([
      { peerId: A, name: "a", addr: "127.0.0.1:3", libraryRev: 7, gameCount: 1 },
    ]);
  });

  it("knows when a peer was heard last and how far it is, until it is gone", () => {
    const table = new PeerGameDb(openCatalogForAll);
    table.heard(A, 1);
    table.measured(A, 1);
    expect(table.contactOf(A)).toBeUndefined();
    table.put(facts, 10);
    expect(table.contactOf(A)).toEqual({ lastSeenAt: 10, rttMs: null });
    table.heard(A, 20);
    table.measured(A, 3);
    expect(table.contactOf(A)).toEqual({ lastSeenAt: 20, rttMs: 3 });
    table.put({ ...facts, addr: "127.0.0.1:3" }, 30);
    expect(table.contactOf(A)).toEqual({ lastSeenAt: 30, rttMs: 3 });
    table.remove(A);
    expect(table.contactOf(A)).toBeUndefined();
  });

  it("lets in no game outside the catalog", () => {
    const table = new PeerGameDb(catalog);
    table.put(facts, 0);
    expect(table.applySnapshot(A, library(7, game("ggoo"), game("evil"))).map(({ id }) => id)).toEqual([
      "ggoo",
    ]);
    expect(table.listed(A)?.gameCount).toBe(1);
    const delta = { from_rev: 7, to_rev: 8, added: [game("worse")], updated: [], removed: [] };
    expect(table.applyDelta(A, delta)).toEqual([]);
    expect(table.listed(A)).toMatchObject({ libraryRev: 8, gameCount: 1 });
  });

  it("applies a change only on top of the revision it begins at", () => {
    const table = new PeerGameDb(openCatalogForAll);
    const delta = (from_rev: number, to_rev: number) => ({
      from_rev,
      to_rev,
      added: [game("bf1942")],
      updated: [game("ggoo", { version: "20210101" })],
      removed: [game("quake").id],
    });
    expect(table.applyDelta(A, delta(0, 1))).toBeNull();
    table.put(facts, 0);
    table.applySnapshot(A, library(7, game("ggoo"), game("quake")));
    expect(table.applyDelta(A, delta(5, 7))).toEqual([]);
    expect(table.applyDelta(A, delta(8, 9))).toBeNull();
    expect(table.applyDelta(A, delta(6, 9))).toBeNull();
    expect(table.revisionOf(A)).toBe(7);
    expect(table.applyDelta(A, delta(7, 9))?.map(({ id, summary }) => [id, summary?.version])).toEqual([
      ["quake", undefined],
      ["bf1942", "20200101"],
      ["ggoo", "20210101"],
    ]);
    expect(table.listed(A)).toMatchObject({ libraryRev: 9, gameCount: 2 });
  });
});

describe("the order of the games", () => {
  it("is that of their ids whatever comes and goes, and a list that was handed out stays as it was", () => {
    const ids = Array.from({ length: 40 }, (_, index) => `game-${index}`);
    const change = fc.record({
      peerId: fc.constantFrom(A, B, C),
      id: fc.constantFrom(...ids),
      has: fc.boolean(),
      size: fc.constantFrom(1, 2),
    });
    fc.assert(
      fc.property(fc.array(fc.array(change, { minLength: 1, maxLength: 25 }), { maxLength: 12 }), (steps) => {
        const step = new RemoteView(openCatalogForAll);
        const atOnce = new RemoteView(openCatalogForAll);
        const changesOf = (of: (typeof steps)[number]) =>
          of.map(({ peerId, id, has, size }) => {
            const summary = has ? game(id, { size }) : null;
            return { peerId, id: game(id).id, summary };
          });
        for (const changes of steps) {
          const before = step.games();
          const copy = [...before];
          step.apply(changesOf(changes));
          expect(before).toEqual(copy);
          // Never asked in between, so that it is sorted as a whole.
          atOnce.apply(changesOf(changes));
        }
        step.games();
        const shown = step.games();
        expect(shown.map(({ id }) => id)).toEqual(shown.map(({ id }) => id).toSorted());
        expect(shown).toEqual(atOnce.games());
      }),
    );
  });
});
