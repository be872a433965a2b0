import { copyFile, mkdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { eventuallyPasses } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import { BF1942, createRig, expectedContentId, GAME, GGOO, writeFiles } from "./support.ts";

describe("after a restart", () => {
  it("has the same revision, reads nothing again and writes nothing when nothing changed", async () => {
    await using rig = await createRig({ ggoo: GAME, bf1942: GAME });
    await rig.library.start();
    await rig.library.hashed();
    const before = rig.library.snapshot();
    const { ino } = await stat(rig.stateDir.libraryEntry(GGOO));
    await writeFiles(join(rig.gamesDir, "ggoo"), { "data/unseen.txt": "a walk would find it" });
    await using again = await rig.restart();
    again.library.setHashingPaused(true);
    // The old revision stands for games that are not known yet: whoever joins before they are must be told of them.
    expect(again.library.snapshot()).toEqual({ library_rev: 0, games: [] });
    await again.library.start();
    expect(again.library.snapshot()).toEqual(before);
    expect(again.events).toEqual([{ snapshotChanged: true, localChanged: true }]);
    expect((await stat(rig.stateDir.libraryEntry(GGOO))).ino, "nothing is written").toBe(ino);
  });

  it("goes on counting when something changed meanwhile", async () => {
    await using rig = await createRig({ ggoo: GAME });
    await rig.library.start();
    const before = rig.library.snapshot();
    await rig.library.close();
    await writeFile(join(rig.gamesDir, "ggoo", "version.ini"), "3");
    await using again = await rig.restart();
    await again.library.start();
    expect(again.library.snapshot().library_rev).toBeGreaterThan(before.library_rev);
    expect(again.library.snapshot().games[0]?.version).toBe("3");
  });

  it("sets damaged index files aside, reports them once, rebuilds them, and never counts backwards", async () => {
    await using rig = await createRig({ ggoo: GAME });
    await rig.library.start();
    await rig.library.hashed();
    const before = rig.library.snapshot();
    await rig.library.close();
    await writeFile(rig.stateDir.libraryEntry(GGOO), "{");
    await writeFile(rig.stateDir.libraryFile, "\0\0\0");
    await using again = await rig.restart();
    await again.library.start();
    await again.library.hashed();
    expect(again.library.snapshot().games).toEqual(before.games);
    expect(again.library.snapshot().library_rev).toBeGreaterThan(before.library_rev);
    expect(again.log.filter((entry) => entry.level === "warn")).toHaveLength(2);
    expect(await readFile(`${rig.stateDir.libraryEntry(GGOO)}.damaged`, "utf8")).toBe("{");
    await using third = await again.restart();
    await third.library.start();
    expect(third.log.filter((entry) => entry.level === "warn")).toEqual([]);
    expect(third.library.snapshot()).toEqual(again.library.snapshot());
  });

  it.each([
    ["digests of another length", { pieces: "AAAA" }],
    ["another game's id", { id: "bf1942" }],
    ["a content id without digests", { pieces: null }],
    ["files of another kind", { files: [["a", -1, "1"]] }],
  ])("does not believe an entry with %s", async (_, change) => {
    await using rig = await createRig({ ggoo: GAME });
    await rig.library.start();
    await rig.library.hashed();
    const before = rig.library.snapshot();
    await rig.library.close();
    const path = rig.stateDir.libraryEntry(GGOO);
    const entry: Record<string, unknown> = JSON.parse(await readFile(path, "utf8"));
    await writeFile(path, JSON.stringify({ ...entry, ...change }));
    await using again = await rig.restart();
    await again.library.start();
    await again.library.hashed();
    expect(again.library.snapshot().games).toEqual(before.games);
  });

  it("shares games whose index entries can neither be read nor written: they cost work, never a game", async () => {
    await using rig = await createRig({ ggoo: GAME });
    const entries = dirname(rig.stateDir.libraryEntry(GGOO));
    await rm(entries, { recursive: true, force: true });
    await writeFile(entries, "no directory");
    await rig.library.start();
    await rig.library.hashed();
    const [announced] = rig.library.snapshot().games;
    expect(announced?.content_id).toBe(await expectedContentId(rig.library, rig.gamesDir, GGOO));
    expect(rig.library.localGames()).toMatchObject([{ id: "ggoo", downloaded: true, warnings: [] }]);
    await writeFile(join(rig.gamesDir, "ggoo", "version.ini"), "3");
    await rig.library.rescan(GGOO);
    expect(rig.library.snapshot().games).toMatchObject([{ id: "ggoo", version: "3" }]);
    const unread = rig.log.filter(({ message }) => message.startsWith("an index entry cannot be read"));
    expect(unread).toHaveLength(1);
  });

  it("does not believe a whole entry of another game, even one that looks the same", async () => {
    await using rig = await createRig({ ggoo: GAME, bf1942: GAME });
    for (const id of ["ggoo", "bf1942"])
      for (const name of ["version.ini", "ggoo.eti"]) await utimes(join(rig.gamesDir, id, name), 1, 1);
    await rig.library.start();
    await rig.library.hashed();
    const before = rig.library.snapshot();
    await rig.library.close();
    await copyFile(rig.stateDir.libraryEntry(BF1942), rig.stateDir.libraryEntry(GGOO));
    await using again = await rig.restart();
    await again.library.start();
    await again.library.hashed();
    expect(again.library.snapshot().games).toEqual(before.games);
    const written: unknown = JSON.parse(await readFile(rig.stateDir.libraryEntry(GGOO), "utf8"));
    expect(written).toMatchObject({ id: "ggoo" });
  });

  it("writes the revision before it tells anybody", async () => {
    await using rig = await createRig({ ggoo: GAME });
    const written: unknown[] = [];
    rig.library.onChange(({ snapshotChanged }) => {
      if (snapshotChanged) written.push(rig.library.snapshot().library_rev);
    });
    await rig.library.start();
    await rig.library.hashed();
    const file: unknown = JSON.parse(await readFile(rig.stateDir.libraryFile, "utf8"));
    expect(file).toMatchObject({ library_rev: written.at(-1) });
    // A revision that cannot be written is not announced, and the library goes on.
    await rm(rig.stateDir.libraryFile);
    await mkdir(join(rig.stateDir.libraryFile, "in-the-way"), { recursive: true });
    const before = rig.library.snapshot();
    await writeFile(join(rig.gamesDir, "ggoo", "version.ini"), "4");
    await rig.library.rescan(GGOO);
    expect(rig.library.snapshot()).toEqual(before);
    expect(rig.library.localGames()[0]?.version).toBe("4");
    await rm(rig.stateDir.libraryFile, { recursive: true });
    await rig.library.rescan(GGOO);
    expect(rig.library.snapshot()).toMatchObject({ games: [{ version: "4" }] });
    expect(rig.library.snapshot().library_rev).toBeGreaterThan(before.library_rev);
  });
});

describe("the first scan", () => {
  it("announces no half library, whatever is looked at and told meanwhile", async () => {
    const games = Object.fromEntries(Array.from({ length: 40 }, (_, n) => [`g${n}`, GAME]));
    await using rig = await createRig({ ...games, ggoo: GAME });
    const announced: number[] = [];
    rig.library.onChange(({ snapshotChanged }) => {
      if (snapshotChanged) announced.push(rig.library.snapshot().games.length);
    });
    await Promise.all([
      rig.library.start(),
      rig.library.rescan(GGOO),
      rig.library.setWatchWarning("is not watched"),
      rig.library.release(GGOO),
    ]);
    await rig.library.hashed();
    expect(new Set(announced)).toEqual(new Set([41]));
  });
});

describe("close", () => {
  it("ends a scan and a hash that are under way, and announces no half library", async () => {
    await using rig = await createRig(
      Object.fromEntries(Array.from({ length: 40 }, (_, n) => [`g${n}`, GAME])),
    );
    await rig.library.start();
    await rig.library.hashed();
    const before = rig.library.snapshot();
    for (let n = 0; n < 40; n += 1) await utimes(join(rig.gamesDir, `g${n}`, "ggoo.eti"), 1, 1);
    await using again = await rig.restart();
    const start = again.library.start().catch((error: unknown) => error);
    await again.library.close();
    await start;
    await using third = await again.restart();
    await third.library.start();
    await third.library.hashed();
    await eventuallyPasses(() => expect(third.library.snapshot().games).toEqual(before.games));
  });
});
