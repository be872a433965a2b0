import { describe, expect, it } from "vitest";
import { planCarry, whoseIs } from "../../src/install/carry-plan.ts";
import type { TreeEntry } from "../../src/install/list-tree.ts";

const SIZE = 10;
const MTIME = 1_000;

/** `a/b` a file, `a/b/` a directory, `a/b@` a link, `a/b|` a pipe. The directories above are there as well. */
function treeOf(...names: string[]): TreeEntry[] {
  const entries = new Map<string, TreeEntry>();
  const add = (path: string, kind: TreeEntry["kind"]): void => {
    const size = kind === "file" ? SIZE : 0;
    entries.set(path, {
      path,
      kind,
      size,
      mtimeMs: kind === "directory" ? 0 : MTIME,
      mode: 0o755,
      device: 1,
    });
  };
  for (const name of names) {
    const path = name.replace(/[/@|]$/u, "");
    const components = path.split("/");
    for (let depth = 1; depth < components.length; depth++)
      add(components.slice(0, depth).join("/"), "directory");
    add(
      path,
      name.endsWith("/") ? "directory" : name.endsWith("@") ? "link" : name.endsWith("|") ? "other" : "file",
    );
  }
  return [...entries.values()];
}

/** What the install made: `a`, `a touched` with another time, `a changed` with another size. */
function listOf(...names: string[]) {
  const files = names.map((name) => {
    const [path = "", how] = name.split(" ");
    return {
      path,
      size: how === "changed" ? SIZE + 1 : SIZE,
      crc32: 7,
      mtime: how === "touched" ? MTIME + 5_000 : MTIME,
    };
  });
  return { version: "1" as never, files };
}

interface Case {
  readonly title: string;
  readonly old: string[];
  readonly installed?: string[];
  readonly brought?: string[];
  /** `from`, or `from > to` where it goes elsewhere. */
  readonly carried?: string[];
  readonly replaced?: string[];
  readonly blocked?: string[];
}

const CASES: Case[] = [
  { title: "a file that the user made", old: ["saves/1"], carried: ["saves/1"] },
  { title: "a file of the install", old: ["data/a"], installed: ["data/a"] },
  {
    title: "a file of the install that the user changed",
    old: ["a"],
    installed: ["a changed"],
    carried: ["a"],
  },
  {
    title: "a file whose time is another: the bytes decide",
    old: ["a"],
    installed: ["a touched"],
    carried: ["a?"],
  },
  {
    title: "a changed file that the new version brings",
    old: ["a"],
    installed: ["a changed"],
    brought: ["a"],
    replaced: ["a"],
  },
  { title: "the user's file that the new version brings", old: ["a"], brought: ["a"], replaced: ["a"] },
  { title: "and in another spelling", old: ["Cfg/A.ini"], brought: ["cfg/a.INI"], replaced: ["Cfg/A.ini"] },
  {
    title: "letters that are the same without case",
    old: ["STRASSE"],
    brought: ["straße"],
    replaced: ["STRASSE"],
  },
  {
    title: "a file in a directory that the new version spells otherwise",
    old: ["DATA/Mods/mine"],
    brought: ["data/x"],
    carried: ["DATA/Mods/mine > data/Mods/mine"],
  },
  {
    title: "and the whole way down",
    old: ["DATA/MODS/mine"],
    brought: ["data/mods/x"],
    carried: ["DATA/MODS/mine > data/mods/mine"],
  },
  {
    title: "two files that would meet there",
    old: ["Data/s", "data/s", "DATA/s"],
    brought: ["data/x"],
    carried: ["DATA/s", "Data/s", "data/s"],
  },
  {
    title: "two that would meet where nobody is",
    old: ["Data/s", "DATA/s"],
    brought: ["data/x"],
    carried: ["Data/s > data/s", "DATA/s"],
  },
  { title: "files of the user's that differ in case", old: ["a", "A"], carried: ["A", "a"] },
  { title: "a link", old: ["mods@"], carried: ["mods"] },
  { title: "a link in the place of an installed file", old: ["a@"], installed: ["a"], carried: ["a"] },
  {
    title: "a link where the new version has a directory",
    old: ["data@"],
    brought: ["data/x"],
    replaced: ["data"],
  },
  { title: "a pipe", old: ["control|"] },
  {
    title: "a file where the new version has a directory",
    old: ["mods"],
    brought: ["mods/a"],
    replaced: ["mods"],
  },
  {
    title: "a file whose directory is a file in the new version",
    old: ["mods/a"],
    brought: ["Mods"],
    blocked: ["mods/a"],
  },
  { title: "and further up", old: ["a/b/c"], brought: ["a"], blocked: ["a/b/c"] },
  {
    title: "and of the install: nobody misses it",
    old: ["mods/a"],
    installed: ["mods/a"],
    brought: ["mods"],
  },
  { title: "an empty directory", old: ["saves/"], carried: ["saves"] },
  { title: "an empty directory that the new version has", old: ["Saves/"], brought: ["saves/"] },
  {
    title: "an empty directory that is a file in the new version",
    old: ["saves/", "a/b/"],
    brought: ["saves", "a"],
  },
  {
    title: "a directory with files of the install in it",
    old: ["data/a"],
    installed: ["data/a"],
    brought: ["x"],
  },
  {
    title: "everything, where nobody knows what was installed",
    old: ["a", "b/c", "d@"],
    brought: ["a"],
    replaced: ["a"],
    carried: ["b/c", "d"],
  },
];

describe("what is carried over from an old install", () => {
  it.each(CASES)("$title", ({ old, installed, brought = [], carried = [], replaced = [], blocked = [] }) => {
    const list = installed === undefined ? undefined : listOf(...installed);
    const plan = planCarry(whoseIs(treeOf(...old), list), treeOf(...brought));
    const paths = (entries: readonly { path: string }[]): string[] => entries.map(({ path }) => path).sort();
    expect(
      plan.carried
        .map(
          ({ path, to, whose }) => `${path}${to === path ? "" : ` > ${to}`}${whose === "compare" ? "?" : ""}`,
        )
        .sort(),
    ).toEqual(carried.toSorted());
    expect(paths(plan.replaced)).toEqual(replaced);
    expect(paths(plan.blocked)).toEqual(blocked);
  });

  it("says what the bytes of a touched file have to be for it to be the install's", () => {
    const [entry] = whoseIs(treeOf("a"), listOf("a touched"));
    expect(entry).toMatchObject({ whose: "compare", crc32: 7 });
  });

  it("takes a time for the same that was kept to the millisecond", () => {
    const tree = treeOf("a").map((entry) => ({ ...entry, mtimeMs: MTIME + 0.4 }));
    expect(whoseIs(tree, listOf("a"))).toMatchObject([{ whose: "install" }]);
  });
});
