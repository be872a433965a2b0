import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { gameSummarySchema } from "@lanspread/proto";
import { describe, expect, it } from "vitest";
import { createRig, expectedContentId, GAME, GGOO, writeFiles } from "./support.ts";

describe("a rescan", () => {
  it("does not walk what looks unchanged, and walks what changed", async () => {
    await using rig = await createRig({ ggoo: GAME });
    await rig.library.start();
    await rig.library.hashed();
    const revision = rig.library.snapshot().library_rev;
    // Below the root nothing shows in the fingerprint: only a walk would find this file.
    await writeFiles(join(rig.gamesDir, "ggoo"), { "data/new.txt": "new" });
    rig.events.length = 0;
    await rig.library.rescan(GGOO);
    await rig.library.rescanAll();
    expect(rig.library.snapshot().library_rev).toBe(revision);
    expect(rig.events).toEqual([]);
    await rig.library.rescan(GGOO, { walk: true });
    expect(rig.library.manifestOf(GGOO)?.manifest.files.map((file) => file.path)).toContain("data/new.txt");
    expect(rig.library.snapshot().library_rev).toBe(revision + 1);
  });

  it.each<[string, (root: string) => Promise<unknown>]>([
    [
      "a rewrite of version.ini in the same length",
      (root) => writeFile(join(root, "version.ini"), "version=2018.04.13\n"),
    ],
    ["a longer archive", (root) => writeFile(join(root, "ggoo.eti"), "longer archive")],
    ["a new archive", (root) => writeFile(join(root, "new.eti"), "x")],
    ["a new file in the root", (root) => writeFile(join(root, "readme.txt"), "x")],
    ["an archive less", (root) => rm(join(root, "ggoo.eti"))],
    ["an install", (root) => mkdir(join(root, "local"))],
    ["a removed sentinel", (root) => rm(join(root, "version.ini"))],
  ])("publishes %s once, under one new revision", async (_, change) => {
    await using rig = await createRig({ ggoo: GAME });
    await rig.library.start();
    await rig.library.hashed();
    const before = rig.library.snapshot();
    rig.events.length = 0;
    rig.library.setHashingPaused(true);
    await change(join(rig.gamesDir, "ggoo"));
    await rig.library.rescan(GGOO);
    expect(rig.library.snapshot().library_rev).toBe(before.library_rev + 1);
    expect(rig.library.snapshot().games).not.toEqual(before.games);
    expect(rig.events).toEqual([{ snapshotChanged: true, localChanged: true }]);
    await rig.library.rescan(GGOO);
    expect(rig.library.snapshot().library_rev).toBe(before.library_rev + 1);
    expect(rig.events).toHaveLength(1);
  });

  it("does not hash again after an install: the payload is the same", async () => {
    await using rig = await createRig({ ggoo: GAME });
    await rig.library.start();
    await rig.library.hashed();
    const contentId = rig.library.snapshot().games[0]?.content_id;
    rig.library.setHashingPaused(true);
    await writeFiles(join(rig.gamesDir, "ggoo"), { "local/game.exe": "x" });
    await rig.library.rescan(GGOO);
    expect(rig.library.snapshot().games[0]).toMatchObject({ installed: true, content_id: contentId });
  });

  it("hashes again when an archive was written anew in the same length", async () => {
    await using rig = await createRig({ ggoo: GAME });
    await rig.library.start();
    await rig.library.hashed();
    const before = rig.library.snapshot().games[0]?.content_id;
    await writeFile(join(rig.gamesDir, "ggoo", "ggoo.eti"), "ARCHIVE");
    await rig.library.rescan(GGOO);
    expect(rig.library.snapshot().games[0]?.content_id).toBeNull();
    await rig.library.hashed();
    const after = rig.library.snapshot().games[0]?.content_id;
    expect(after).not.toBe(before);
    expect(after).toBe(await expectedContentId(rig.library, rig.gamesDir, GGOO));
  });

  it("notices by hashing what a look cannot see, and ends with the right content", async () => {
    await using rig = await createRig({ ggoo: GAME });
    rig.library.setHashingPaused(true);
    await rig.library.start();
    await writeFile(join(rig.gamesDir, "ggoo", "data", "readme.txt"), "changed, and longer");
    rig.library.setHashingPaused(false);
    await rig.library.hashed();
    expect(rig.library.manifestOf(GGOO)?.manifest.files).toContainEqual({
      path: "data/readme.txt",
      size: 19,
    });
    expect(rig.library.snapshot().games[0]?.content_id).toBe(
      await expectedContentId(rig.library, rig.gamesDir, GGOO),
    );
  });

  it("follows games that come and go, and makes one revision of a burst", async () => {
    await using rig = await createRig();
    await rig.library.start();
    rig.library.setHashingPaused(true);
    const revision = rig.library.snapshot().library_rev;
    await Promise.all(["a", "b", "c"].map((id) => writeFiles(join(rig.gamesDir, id), GAME)));
    await rig.library.rescanAll();
    expect(rig.library.snapshot().games.map((game) => game.id)).toEqual(["a", "b", "c"]);
    expect(rig.library.snapshot().library_rev).toBe(revision + 1);
    await rm(join(rig.gamesDir, "b"), { recursive: true });
    await rename(join(rig.gamesDir, "c"), join(rig.gamesDir, "d"));
    await rig.library.rescanAll();
    expect(rig.library.snapshot().games.map((game) => game.id)).toEqual(["a", "d"]);
    expect(rig.library.snapshot().library_rev).toBe(revision + 2);
    for (const game of rig.library.snapshot().games) expect(gameSummarySchema.parse(game)).toEqual(game);
  });

  it("does not lose the walk of a rescan to a plain one that comes meanwhile", async () => {
    await using rig = await createRig({ ggoo: GAME });
    await rig.library.start();
    await rig.library.hashed();
    await writeFiles(join(rig.gamesDir, "ggoo"), { "data/new.txt": "new" });
    const { looks } = rig.library.state();
    const walking = rig.library.rescan(GGOO, { walk: true });
    while (rig.library.state().looks === looks) await setImmediate();
    // The first look has begun, and comes to nothing: it is superseded.
    await Promise.all([walking, rig.library.rescan(GGOO)]);
    expect(rig.library.state().looks).toBe(looks + 2);
    expect(rig.library.manifestOf(GGOO)?.manifest.files.map((file) => file.path)).toContain("data/new.txt");
  });

  it("lists the games directory alone: new games are looked at, gone ones forgotten, others left alone", async () => {
    await using rig = await createRig({ ggoo: GAME, bf1942: GAME });
    await rig.library.start();
    await rig.library.hashed();
    const { looks, walks } = rig.library.state();
    await rm(join(rig.gamesDir, "bf1942"), { recursive: true });
    await writeFiles(join(rig.gamesDir, "new"), GAME);
    await rig.library.relist();
    expect(rig.library.snapshot().games.map((game) => game.id)).toEqual(["ggoo", "new"]);
    expect(rig.library.state()).toMatchObject({ looks: looks + 2, walks: walks + 1 });
  });

  it("leaves the entry as it is where a walk finds nothing new", async () => {
    await using rig = await createRig({ ggoo: GAME });
    await rig.library.start();
    await rig.library.hashed();
    const served = rig.library.manifestOf(GGOO);
    const { walks } = rig.library.state();
    rig.events.length = 0;
    await rig.library.rescan(GGOO, { walk: true });
    expect(rig.library.state().walks).toBe(walks + 1);
    expect(rig.library.manifestOf(GGOO)).toBe(served);
    expect(rig.events).toEqual([]);
  });

  it("is right in the end, however many rescans overlap with changes", async () => {
    await using rig = await createRig({ ggoo: GAME });
    await rig.library.start();
    const path = join(rig.gamesDir, "ggoo", "version.ini");
    const rescans: Promise<unknown>[] = [];
    for (let round = 1; round <= 30; round += 1) {
      await writeFile(path, `${round}`);
      rescans.push(rig.library.rescan(GGOO), rig.library.rescanAll());
    }
    await Promise.all(rescans);
    expect(rig.library.snapshot().games[0]?.version).toBe("30");
    await rig.library.hashed();
    const entry: unknown = JSON.parse(await readFile(rig.stateDir.libraryEntry(GGOO), "utf8"));
    expect(entry).toMatchObject({ version: "30", content_id: rig.library.snapshot().games[0]?.content_id });
  });
});

describe("around an operation", () => {
  it("leaves a held game out of what is announced, drops rescans, and looks at it at the release", async () => {
    await using rig = await createRig({ ggoo: GAME, bf1942: GAME });
    await rig.library.start();
    await rig.library.hashed();
    rig.events.length = 0;

    rig.busy.add(GGOO);
    await rig.library.hold(GGOO);
    expect(rig.library.snapshot().games.map((game) => game.id)).toEqual(["bf1942"]);
    expect(rig.library.localGames().map(({ id, availability }) => [id, availability])).toEqual([
      ["bf1942", "ready"],
      ["ggoo", "local_only"],
    ]);
    expect(rig.library.manifestOf(GGOO)).toBeUndefined();
    expect(rig.events).toEqual([{ snapshotChanged: true, localChanged: true }]);

    const root = join(rig.gamesDir, "ggoo");
    await rename(join(root, "version.ini"), join(root, ".version.ini.discarded"));
    expect(await rig.library.rescan(GGOO)).toBe(false);
    await rig.library.rescanAll();
    expect(rig.library.localGames()[1]).toMatchObject({ id: "ggoo", downloaded: true });
    expect(rig.events).toHaveLength(1);

    await writeFiles(root, { "version.ini": "2020.01.01", "local/x": "x" });
    await rm(join(root, ".version.ini.discarded"));
    await rig.library.release(GGOO);
    // The operation still has its slot: what is announced is already the end.
    expect(rig.library.snapshot().games[1]).toMatchObject({
      version: "20200101",
      installed: true,
      availability: "ready",
    });
    expect(rig.events).toHaveLength(2);
    rig.busy.delete(GGOO);
    await rig.library.hashed();
    expect(await rig.library.rescan(GGOO)).toBe(true);

    rig.busy.add(GGOO);
    await rig.library.hold(GGOO);
    expect(rig.library.snapshot().games.map((game) => game.id)).toEqual(["bf1942"]);
  });

  it("takes digests that are known already instead of reading the game again", async () => {
    await using rig = await createRig({ ggoo: GAME });
    await rig.library.start();
    await rig.library.hashed();
    const known = rig.library.manifestOf(GGOO);
    if (known?.digests === undefined || known.digests === null) throw new Error("the game was hashed");
    const { digests } = known;
    await rm(rig.stateDir.libraryEntry(GGOO));
    await using again = await rig.restart();
    again.library.setHashingPaused(true);
    again.busy.add(GGOO);
    await again.library.start();
    expect(again.library.snapshot().games).toEqual([]);
    await again.library.release(GGOO, { manifestHash: known.manifest.manifest_hash, digests });
    expect(again.library.snapshot().games[0]?.content_id).toBe(known.manifest.content_id);

    again.busy.delete(GGOO);
    await writeFile(join(again.gamesDir, "ggoo", "ggoo.eti"), "other bytes");
    again.busy.add(GGOO);
    await again.library.hold(GGOO);
    await again.library.release(GGOO, { manifestHash: known.manifest.manifest_hash, digests });
    expect(again.library.snapshot().games[0]?.content_id).toBeNull();
  });

  it("does not publish what a rescan saw before the operation began", async () => {
    await using rig = await createRig({ ggoo: GAME });
    await rig.library.start();
    await rig.library.hashed();
    await writeFile(join(rig.gamesDir, "ggoo", "version.ini"), "9");
    const { looks } = rig.library.state();
    const rescan = rig.library.rescan(GGOO);
    // The look is under way, and has found the slot free.
    while (rig.library.state().looks === looks) await Promise.resolve();
    rig.busy.add(GGOO);
    await rig.library.hold(GGOO);
    await rescan;
    expect(rig.library.snapshot().games).toEqual([]);
    expect(rig.library.localGames()[0]?.version).toBe("20180412");
  });
});
