import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  IGNORED_IN_GAMES_DIR,
  IGNORED_IN_ROOT,
  meaningOf,
  newsOf,
  type WatchEventType,
} from "../../src/library/watch-rules.ts";
import { RESERVED_NAMES } from "../../src/storage/index.ts";

const look = (walk: boolean, urgent: boolean, fresh: boolean) => ({
  kind: "root",
  id: "ggoo",
  walk,
  urgent,
  fresh,
});
const ignored = (path: string): boolean => IGNORED_IN_GAMES_DIR.some((pattern) => pattern.test(path));

describe("what an event means", () => {
  it.each<[string, WatchEventType, unknown]>([
    ["", "delete", { kind: "games-directory", gone: true }],
    ["", "update", { kind: "games-directory", gone: false }],
    ["ggoo", "create", { kind: "child", id: "ggoo" }],
    ["ggoo", "delete", { kind: "child", id: "ggoo" }],
    ["My Game", "create", { kind: "child", id: null }],
    ["My Game/x", "create", { kind: "nothing" }],
    [".fixture-abc", "create", { kind: "nothing" }],
    ["ggoo/version.ini", "create", look(false, true, false)],
    ["ggoo/version.ini", "delete", look(false, true, false)],
    ["ggoo\\version.ini", "update", look(false, true, false)],
    // No sentinel in this spelling, and none further down: payload.
    ["ggoo/Version.ini", "update", look(true, false, false)],
    ["ggoo/data/version.ini", "update", look(true, false, false)],
    ["ggoo/local", "create", look(false, true, false)],
    ["ggoo/local", "delete", look(false, true, false)],
    ["ggoo/local/save", "create", { kind: "nothing" }],
    ["ggoo/LOCAL/save/deep", "update", { kind: "nothing" }],
    ["ggoo/data/local/file", "update", look(true, false, false)],
    ["ggoo/ggoo.eti", "update", look(false, false, false)],
    ["ggoo/GGOO.ETI", "create", look(false, false, false)],
    ["ggoo/data/ggoo.eti", "update", look(true, false, false)],
    ["ggoo/readme.txt", "update", look(true, false, false)],
    ["ggoo/data", "create", look(true, false, true)],
    ["ggoo/data/x", "delete", look(true, false, false)],
    ["ggoo/.version.ini.tmp", "create", { kind: "nothing" }],
    ["ggoo/.LOCAL.installing/bin/x", "create", { kind: "nothing" }],
    ["ggoo/data/.lanspread.json", "create", { kind: "nothing" }],
    ["ggoo/.sync/x", "create", { kind: "nothing" }],
    ["ggoo/data/.sync", "create", look(true, false, true)],
  ])("%j %s", (path, type, meaning) => {
    expect(meaningOf(path, type)).toEqual(meaning);
  });

  it("is gathered per root: any event that asks for more makes the news ask for it", () => {
    const news = newsOf([
      { path: "ggoo/data/x", type: "update" },
      { path: "ggoo/version.ini", type: "create" },
      { path: "ggoo/local/x", type: "create" },
      { path: "other", type: "create" },
      { path: "My Game", type: "create" },
    ]);
    expect(news).toEqual({
      gamesDirectory: false,
      isGone: false,
      children: true,
      roots: new Map([
        ["ggoo", { walk: true, urgent: true, fresh: false, events: 2 }],
        ["other", { walk: false, urgent: true, fresh: true, events: 1 }],
      ]),
    });
  });

  it("is that the games directory is gone, whatever else has happened to it", () => {
    const news = newsOf([
      { path: "", type: "update" },
      { path: "", type: "delete" },
      { path: "", type: "update" },
    ]);
    expect(news).toMatchObject({ gamesDirectory: true, isGone: true });
    expect(newsOf([{ path: "", type: "update" }])).toMatchObject({ gamesDirectory: true, isGone: false });
  });
});

describe("what the watcher leaves out", () => {
  it.each([
    "ggoo",
    "ggoo/local",
    "ggoo/LOCAL",
    "ggoo/locale/x",
    "ggoo/data/local/x",
    "ggoo/version.ini",
    "ggoo/data/.sync",
    "ggoo/.syncs",
    "ggoo/x.version.ini.tmp",
    "My Game",
    ".hidden",
  ])("is not %s", (path) => expect(ignored(path)).toBe(false));

  it.each([
    "ggoo/local/x",
    "ggoo/Local/x/y",
    "ggoo\\local\\x",
    "ggoo/.sync",
    "ggoo/.sync/x",
    ...RESERVED_NAMES.flatMap((name) => [`ggoo/${name}`, `ggoo/a/b/${name.toUpperCase()}`, `ggoo/${name}/x`]),
    "My Game/x",
    ".hidden/x",
    `${"x".repeat(64)}/x`,
  ])("is %s", (path) => expect(ignored(path)).toBe(true));

  const component = fc.oneof(
    fc.constantFrom(
      "ggoo",
      "local",
      "Local",
      ".sync",
      ".SYNC",
      "data",
      "version.ini",
      "My Game",
      "x.eti",
      ...RESERVED_NAMES,
    ),
    fc.stringMatching(/^[a-z0-9_.-]{1,5}$/u).filter((name) => name !== "." && name !== ".."),
  );
  const path = fc.array(component, { minLength: 1, maxLength: 5 }).map((components) => components.join("/"));

  it("is nothing that means something, and has the same rule for a root that is watched by itself", () => {
    fc.assert(
      fc.property(path, (text) => {
        if (ignored(text)) expect(meaningOf(text, "create")).toEqual({ kind: "nothing" });
        // What means nothing is left out as soon as it lies in a game.
        const [id, ...rest] = text.split("/");
        if (id === "ggoo" && rest.length > 0) {
          const inRoot = IGNORED_IN_ROOT.some((pattern) => pattern.test(rest.join("/")));
          expect(inRoot).toBe(ignored(text));
          expect(meaningOf(text, "create").kind === "nothing").toBe(inRoot);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it("is said in a form that the watcher can read: no flags", () => {
    for (const pattern of [...IGNORED_IN_GAMES_DIR, ...IGNORED_IN_ROOT]) expect(pattern.flags).toBe("");
  });
});
