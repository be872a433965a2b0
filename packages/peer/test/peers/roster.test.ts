import { asPeerId, MAX_LIBRARY_GAMES } from "@lanspread/proto";
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
  return { roster, take: () => types(events.splice(0)) };
}

describe("Roster", () => {
  it("ignores a library that was asked for and came later than a newer one", () => {
    const { roster, take } = rig();
    roster.welcome(facts, library(3, game("ggoo"), game("quake")));
    take();
    roster.applySnapshot(PEER, library(2, game("ggoo")));
    expect(take()).toEqual([]);
    expect(roster.table.list()).toMatchObject([{ libraryRev: 3, gameCount: 2 }]);
  });

  it("believes a hello also with an older revision: the peer has begun anew", () => {
    const { roster, take } = rig();
    roster.welcome(facts, library(300, game("ggoo"), game("quake")));
    take();
    roster.welcome(facts, library(1, game("ggoo")));
    expect(take()).toEqual(["peer-updated", "remote-games-changed"]);
    expect(roster.table.list()).toMatchObject([{ libraryRev: 1, gameCount: 1 }]);
  });

  it("lets no library grow by changes beyond what a snapshot can hold", () => {
    const { roster, take } = rig();
    const half = (name: string) =>
      Array.from({ length: MAX_LIBRARY_GAMES / 2 }, (_, index) => game(`${name}${index}`));
    const change = (rev: number, parts: object) => ({
      ...{ from_rev: rev, to_rev: rev + 1, added: [], updated: [], removed: [] },
      ...parts,
    });
    roster.welcome(facts, library(1, ...half("a")));
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
    const { roster, take } = rig();
    roster.remove(PEER, "never here");
    roster.moveTo(PEER, "127.0.0.1:2");
    roster.applySnapshot(PEER, library(1, game("ggoo")));
    const delta = { from_rev: 0, to_rev: 1, added: [game("ggoo")], updated: [], removed: [] };
    expect(roster.applyDelta(PEER, delta)).toBe(false);
    expect([take(), roster.table.size, roster.view.games()]).toEqual([[], 0, []]);

    roster.welcome(facts, library(1));
    expect(take()).toEqual(["peer-discovered", "peer-count-updated"]);
    roster.welcome(facts, library(1));
    roster.moveTo(PEER, facts.addr);
    roster.applySnapshot(PEER, library(1));
    expect(take()).toEqual([]);
    roster.remove(PEER, "gone");
    expect(take()).toEqual(["peer-lost", "peer-count-updated"]);
  });
});
