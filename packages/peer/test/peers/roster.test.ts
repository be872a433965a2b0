import { asPeerId, type GameSummary, type LibrarySnapshot, MAX_LIBRARY_GAMES } from "@lanspread/proto";
import { describe, expect, it } from "vitest";
import { openCatalogForAll } from "../../src/catalog/index.ts";
import type { MeshEvent } from "../../src/peers/index.ts";
import { Roster } from "../../src/peers/roster.ts";
import { game, library, types } from "./support.ts";

const PEER = asPeerId("aaaaaaaa-0000-8000-8000-000000000000");
const facts = { peerId: PEER, name: "a", addr: "127.0.0.1:1", features: [] };

function rig() {
  const events: MeshEvent[] = [];
  const roster = new Roster(openCatalogForAll, (event) => events.push(event));
  return {
    roster,
    welcome: (snapshot: LibrarySnapshot, mayBeLate = false) =>
      roster.welcome({ facts, library: snapshot, now: 0, mayBeLate }),
    /** Asks now; what is returned brings the answer. */
    ask: () => {
      const asked = roster.table.asking(PEER);
      return (snapshot: LibrarySnapshot) => {
        if (asked !== undefined) roster.applySnapshot(asked, snapshot);
      };
    },
    take: () => types(events.splice(0)),
  };
}

const delta = (from_rev: number, to_rev: number, ...added: GameSummary[]) => ({
  ...{ from_rev, to_rev, added, updated: [], removed: [] },
});

describe("Roster", () => {
  it("ignores a library that was asked for and came later than a newer one", () => {
    const { roster, welcome, ask, take } = rig();
    welcome(library(2, game("ggoo")));
    const answer = ask();
    roster.applyDelta(PEER, delta(2, 3, game("quake")));
    take();
    answer(library(2, game("ggoo")));
    expect(take()).toEqual([]);
    expect(roster.table.list()).toMatchObject([{ libraryRev: 3, gameCount: 2 }]);
  });

  it("ignores a library that was asked for before the peer introduced itself anew", () => {
    const { roster, welcome, ask, take } = rig();
    welcome(library(300, game("ggoo"), game("quake")));
    const answer = ask();
    welcome(library(1, game("ggoo")));
    take();
    answer(library(301, game("quake")));
    expect(take()).toEqual([]);
    expect(roster.table.list()).toMatchObject([{ libraryRev: 1, gameCount: 1 }]);
  });

  it("believes a hello also with an older revision: the peer has begun anew", () => {
    const { roster, welcome, take } = rig();
    welcome(library(300, game("ggoo"), game("quake")));
    take();
    expect(welcome(library(1, game("ggoo")))).toBe(true);
    expect(take()).toEqual(["peer-updated", "remote-games-changed"]);
    expect(roster.table.list()).toMatchObject([{ libraryRev: 1, gameCount: 1 }]);
  });

  it("does not go back for a hello that may be late, but for what the peer answers", () => {
    const { roster, welcome, ask, take } = rig();
    welcome(library(300, game("ggoo"), game("quake")));
    take();
    expect(welcome(library(299, game("ggoo")), true)).toBe(false);
    expect(take()).toEqual([]);
    const answer = ask();
    // If it has begun anew, neither of these is on top of what is held, whatever their numbers say.
    expect(roster.applyDelta(PEER, delta(300, 301, game("doom")))).toBe(false);
    expect(roster.applyDelta(PEER, delta(1, 2, game("doom")))).toBe(false);
    answer(library(2, game("ggoo")));
    expect(take()).toEqual(["peer-updated", "remote-games-changed"]);
    expect(roster.table.list()).toMatchObject([{ libraryRev: 2, gameCount: 1 }]);
    expect(welcome(library(3, game("quake")), true)).toBe(true);
    expect(roster.table.list()).toMatchObject([{ libraryRev: 3, gameCount: 1 }]);
  });

  it("lets no library grow by changes beyond what a snapshot can hold", () => {
    const { roster, welcome, take } = rig();
    const half = (name: string) =>
      Array.from({ length: MAX_LIBRARY_GAMES / 2 }, (_, index) => game(`${name}${index}`));
    const change = (rev: number, parts: object) => ({
      ...{ from_rev: rev, to_rev: rev + 1, added: [], updated: [], removed: [] },
      ...parts,
    });
    welcome(library(1, ...half("a")));
    expect(roster.applyDelta(PEER, change(1, { added: half("b") }))).toBe(true);
    take();
    expect(roster.applyDelta(PEER, change(2, { added: [game("c")] }))).toBe(false);
    expect(roster.applyDelta(PEER, change(2, { updated: [game("c")] }))).toBe(false);
    expect(roster.table.list()).toMatchObject([{ libraryRev: 2, gameCount: MAX_LIBRARY_GAMES }]);
    expect(take()).toEqual([]);
    const newer = game("b0", { version: "20210101" });
    expect(roster.applyDelta(PEER, change(2, { updated: [newer] }))).toBe(true);
    expect(roster.applyDelta(PEER, change(3, { added: [game("c")], removed: [newer.id] }))).toBe(true);
    expect(roster.table.list()).toMatchObject([{ libraryRev: 4, gameCount: MAX_LIBRARY_GAMES }]);
  });

  it("tells of nothing that has not changed, and of nobody who is not here", () => {
    const { roster, welcome, ask, take } = rig();
    roster.remove(PEER, "never here");
    roster.moveTo(PEER, "127.0.0.1:2");
    ask()(library(1, game("ggoo")));
    expect(roster.applyDelta(PEER, delta(0, 1, game("ggoo")))).toBe(false);
    expect([take(), roster.table.size, roster.view.games()]).toEqual([[], 0, []]);

    welcome(library(1));
    expect(take()).toEqual(["peer-discovered", "peer-count-updated"]);
    welcome(library(1));
    roster.moveTo(PEER, facts.addr);
    ask()(library(1));
    expect(take()).toEqual([]);
    roster.remove(PEER, "gone");
    expect(take()).toEqual(["peer-lost", "peer-count-updated"]);
  });
});
