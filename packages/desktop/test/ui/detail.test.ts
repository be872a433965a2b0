import { asGameId, gameVersionSchema, type ListedGame } from "@lanspread/proto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type DetailActionKind, detailActions, type Known } from "../../ui/src/detail/actions.ts";

const [OLD, NEW] = ["20200101", "20210101"].map((text) => gameVersionSchema.parse(text)) as [never, never];

const REMOTE: ListedGame = {
  ...{ id: asGameId("quake"), name: "Quake", version: NEW, size: 1, downloaded: false, installed: false },
  ...{ localVersion: null, availability: null, peerCount: 1, operation: null },
};
const DOWNLOADED: ListedGame = { ...REMOTE, downloaded: true, localVersion: NEW, availability: "ready" };
const INSTALLED: ListedGame = { ...DOWNLOADED, installed: true };
const STREAMED: ListedGame = { ...REMOTE, installed: true, availability: "local_only" };
const NOTHING: Known = { installedVersion: null, canHost: false };

/** "kind" where it can be done, "kind: why" where it cannot. */
function offered(game: ListedGame, known: Partial<Known> = {}): readonly string[] {
  return detailActions(game, { ...NOTHING, ...known }).map(({ kind, why }) =>
    why === null ? kind : `${kind}: ${why}`,
  );
}

describe("what the page of a game offers", () => {
  it.each<[string, ListedGame, Partial<Known>, readonly string[]]>([
    ["of what others have, an install without its archives", REMOTE, {}, ["stream-install"]],
    [
      "of what nobody has now, that it cannot be had",
      { ...REMOTE, peerCount: 0 },
      {},
      ["stream-install: nobody-has-it"],
    ],
    [
      "of what is being downloaded, nothing else meanwhile",
      { ...REMOTE, operation: "downloading" },
      {},
      ["stream-install: busy"],
    ],
    ["of what is downloaded, to remove it", DOWNLOADED, {}, ["open-folder", "remove"]],
    [
      "of what is being removed, its folder",
      { ...DOWNLOADED, operation: "removing" },
      {},
      ["open-folder", "remove: busy"],
    ],
    [
      "of what is installed, to remove it only behind an uninstall",
      INSTALLED,
      { installedVersion: NEW },
      ["open-folder", "uninstall", "remove: installed"],
    ],
    [
      "of what can host, its server",
      INSTALLED,
      { canHost: true },
      ["start-server", "open-folder", "uninstall", "remove: installed"],
    ],
    ["no server of what is not installed", DOWNLOADED, { canHost: true }, ["open-folder", "remove"]],
    [
      "of what has an update, to play what is there",
      { ...INSTALLED, localVersion: OLD },
      { installedVersion: OLD },
      ["play", "open-folder", "uninstall", "remove: installed"],
    ],
    [
      "where the last update was downloaded and not installed, to install it",
      INSTALLED,
      { installedVersion: OLD },
      ["install-downloaded", "open-folder", "uninstall", "remove: installed"],
    ],
    [
      "of what was installed without its archives, to fetch them",
      STREAMED,
      { installedVersion: NEW },
      ["download-too", "open-folder", "uninstall"],
    ],
    [
      "the same where nobody has them now",
      { ...STREAMED, peerCount: 0 },
      {},
      ["download-too: nobody-has-it", "open-folder", "uninstall"],
    ],
    [
      "of what is being updated, nothing that would get in its way",
      { ...INSTALLED, operation: "updating" },
      { canHost: true },
      ["start-server: busy", "open-folder", "uninstall: busy", "remove: busy"],
    ],
  ])("%s", (_, game, known, expected) => {
    expect(offered(game, known)).toEqual(expected);
  });

  const CHANGING: ReadonlySet<DetailActionKind> = new Set([
    ...(["install-downloaded", "download-too", "stream-install", "uninstall", "remove"] as const),
  ]);

  it("never changes a game that is being worked on, and each thing once", () => {
    const games = fc.record({
      downloaded: fc.boolean(),
      installed: fc.boolean(),
      peerCount: fc.nat(3),
      operation: fc.constantFrom(null, "downloading" as const, "uninstalling" as const),
      localVersion: fc.constantFrom(null, OLD, NEW),
    });
    const knowns = fc.record({ installedVersion: fc.constantFrom(null, OLD, NEW), canHost: fc.boolean() });
    fc.assert(
      fc.property(games, knowns, (game, known) => {
        const actions = detailActions({ ...REMOTE, ...game }, known);
        expect(new Set(actions.map(({ kind }) => kind)).size).toBe(actions.length);
        for (const { kind, why } of actions) {
          if (game.operation !== null && CHANGING.has(kind)) expect([kind, why]).toEqual([kind, "busy"]);
          if (kind === "remove" && game.installed) expect(why).not.toBeNull();
        }
      }),
    );
  });
});
