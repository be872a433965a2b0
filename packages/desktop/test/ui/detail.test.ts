import {
  asGameId,
  gameVersionSchema,
  type ListedGame,
  type ListedPeer,
  peerIdSchema,
} from "@lanspread/proto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { OperationProgress } from "../../protocol/snapshot.ts";
import { type DetailActionKind, detailActions, type Known } from "../../ui/src/detail/actions.ts";
import { holderRows } from "../../ui/src/detail/holder-rows.ts";

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
      "of what is downloaded and has an update, to install it as it is",
      { ...DOWNLOADED, localVersion: OLD },
      {},
      ["install-downloaded", "open-folder", "remove"],
    ],
    [
      "of what was installed without its archives, to fetch them",
      STREAMED,
      { installedVersion: NEW },
      ["download-too", "open-folder", "uninstall"],
    ],
    [
      "of such a game in another version than others have, an update",
      STREAMED,
      { installedVersion: OLD },
      ["update", "open-folder", "uninstall"],
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
    ...(["install-downloaded", "download-too", "update", "stream-install", "uninstall", "remove"] as const),
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

describe("who has a game", () => {
  const [ADA, BOB, CY] = ["01", "02", "03"].map((end) =>
    peerIdSchema.parse(`0f3c9a54-0000-8000-8000-0000000000${end}`),
  ) as [never, never, never];
  const peers = [
    { peerId: BOB, name: "Bob" },
    { peerId: ADA, name: "Ada" },
  ] as unknown as readonly ListedPeer[];
  const progress: OperationProgress = {
    ...{ phase: "downloading", doneBytes: 50, totalBytes: 100, bytesPerSecond: 9, etaSeconds: 5 },
    ...{ rates: { [BOB]: 7, [CY]: 0 }, fetched: { [BOB]: 40, [CY]: 10 } },
  };

  it("is listed by name, with how old theirs is", () => {
    const holders = { [BOB]: OLD, [ADA]: NEW };
    const rows = holderRows({ holders, peers, progress: undefined, than: OLD });
    expect(rows).toEqual([
      { peerId: ADA, name: "Ada", version: NEW, age: "newer", source: null },
      { peerId: BOB, name: "Bob", version: OLD, age: null, source: null },
    ]);
    const ages = (than: typeof OLD | null) =>
      holderRows({ holders, peers, progress: undefined, than }).map(({ age }) => age);
    expect(ages(NEW)).toEqual([null, "older"]);
    expect(ages(null)).toEqual([null, null]);
  });

  it("comes first where most comes from, and is listed also when they have left in the middle", () => {
    expect(holderRows({ holders: { [ADA]: NEW, [BOB]: NEW }, peers, progress, than: NEW })).toEqual([
      {
        ...{ peerId: BOB, name: "Bob", version: NEW, age: null },
        source: { bytes: 40, share: 0.4, bytesPerSecond: 7 },
      },
      {
        ...{ peerId: CY, name: null, version: null, age: null },
        source: { bytes: 10, share: 0.1, bytesPerSecond: 0 },
      },
      { peerId: ADA, name: "Ada", version: NEW, age: null, source: null },
    ]);
  });
});
