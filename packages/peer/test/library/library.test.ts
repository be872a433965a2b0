import { chmod, mkdir, readFile, rename, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gameSummarySchema, librarySnapshotSchema, manifestSchema } from "@lanspread/proto";
import { eventuallyPasses, seededBytes, temporaryDirectory } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import { createCatalog } from "../../src/catalog/index.ts";
import { asNobody } from "../storage/as-nobody.ts";
import { BF1942, createRig, expectedContentId, type Files, GGOO, writeFiles } from "./support.ts";

const GAME: Files = { "version.ini": "version=2018.04.12\n", "ggoo.eti": "archive", "data/readme.txt": "hi" };

describe("a scan", () => {
  it("finds a game, announces it, and knows its content a little later", async () => {
    await using rig = await createRig({ ggoo: { ...GAME, "big.eti": seededBytes(1, 3_000_000) } });
    await rig.library.start();
    const before = rig.library.snapshot();
    expect(before.games.map(({ id, content_id, availability }) => [id, content_id, availability])).toEqual([
      ["ggoo", null, "ready"],
    ]);
    await rig.library.hashed();
    const snapshot = rig.library.snapshot();
    expect(librarySnapshotSchema.parse(snapshot)).toEqual(snapshot);
    expect(snapshot.library_rev).toBe(before.library_rev + 1);
    expect(snapshot.games[0]).toMatchObject({ version: "20180412", downloaded: true, installed: false });
    expect(snapshot.games[0]?.content_id).toBe(await expectedContentId(rig.library, rig.gamesDir, GGOO));
    const servable = rig.library.manifestOf(GGOO);
    expect(manifestSchema.parse(servable?.manifest)).toEqual(servable?.manifest);
    expect(servable?.manifest.content_id).toBe(snapshot.games[0]?.content_id);
    expect(servable?.digests?.length).toBe(6 * 32);
    expect(rig.library.pieceDigests(GGOO)).toEqual(servable?.digests);
  });

  it("tells downloaded and installed apart, in all four ways", async () => {
    await using rig = await createRig({
      both: { ...GAME, "local/game.exe": "x" },
      downloaded: GAME,
      installed: { "local/game.exe": "x" },
      neither: { "half.eti": "a partial download" },
    });
    await rig.library.start();
    const shown = rig.library
      .localGames()
      .map((game) => [game.id, game.downloaded, game.installed, game.availability]);
    expect(shown).toEqual([
      ["both", true, true, "ready"],
      ["downloaded", true, false, "ready"],
      ["installed", false, true, "local_only"],
    ]);
    expect(rig.library.snapshot().games.map((game) => [game.id, game.installed])).toEqual([
      ["both", true],
      ["downloaded", false],
    ]);
    expect(rig.library.manifestOf(GGOO)).toBeUndefined();
  });

  it("takes no nested version.ini and no local file for what they are not", async () => {
    await using rig = await createRig({
      nested: { "data/version.ini": "20180412" },
      fileasdir: { "version.ini": "1", local: "a file" },
    });
    await rig.library.start();
    expect(
      rig.library.localGames().map(({ id, downloaded, installed }) => [id, downloaded, installed]),
    ).toEqual([["fileasdir", true, false]]);
    expect(rig.library.localGames()[0]?.warnings).toEqual([expect.stringContaining("no directory")]);
    const files = rig.library.snapshot().games;
    expect(files).toHaveLength(1);
  });

  it("shows an unreadable sentinel as a warning that names the file, and announces nothing", async () => {
    await using rig = await createRig({ ggoo: { "version.ini": "soon", "ggoo.eti": "x" } });
    await rig.library.start();
    const path = join(rig.gamesDir, "ggoo", "version.ini");
    expect(rig.library.localGames()).toMatchObject([
      { id: "ggoo", downloaded: false, version: null, warnings: [expect.stringContaining(path)] },
    ]);
    expect(rig.library.snapshot().games).toEqual([]);
  });

  it("serves no game with a path that breaks the rules, and says which and why", async () => {
    await using rig = await createRig({ ggoo: { ...GAME, "data/aux.txt": "x" } });
    await rig.library.start();
    expect(rig.library.snapshot().games).toEqual([]);
    expect(rig.library.manifestOf(GGOO)).toBeUndefined();
    expect(rig.library.localGames()).toMatchObject([
      {
        downloaded: true,
        availability: "local_only",
        warnings: [expect.stringMatching(/data\/aux\.txt.*Windows/u)],
      },
    ]);
  });

  it("takes direct children with an id for games: no links, no files, nothing deeper", async () => {
    await using rig = await createRig({ ggoo: GAME, "ggoo/nested": GAME });
    await using outside = await temporaryDirectory();
    await writeFiles(outside.path, GAME);
    await symlink(outside.path, join(rig.gamesDir, "linked"));
    await writeFiles(join(rig.gamesDir, "Bad Name"), GAME);
    await writeFile(join(rig.gamesDir, "file"), "x");
    await rig.library.start();
    expect(rig.library.localGames().map((game) => game.id)).toEqual(["ggoo"]);
    const warnings = rig.library.state().warnings.join("\n");
    expect(warnings).toContain(join(rig.gamesDir, "linked"));
    expect(warnings).toContain(join(rig.gamesDir, "Bad Name"));
    await rm(join(rig.gamesDir, "ggoo"), { recursive: true });
    await symlink(outside.path, join(rig.gamesDir, "ggoo"));
    expect(await rig.library.rescan(GGOO)).toBe(true);
    expect(rig.library.localGames()).toEqual([]);
  });

  it("keeps to the catalog: foreign ids do not exist, other versions are not served", async () => {
    const catalog = createCatalog(
      JSON.stringify({
        format: 1,
        name: "x",
        games: [
          { id: "ggoo", name: "Great Game", version: "2018.04.12" },
          { id: "bf1942", name: "Battlefield", version: "2019.01.01" },
        ],
      }),
      "x",
    );
    await using rig = await createRig({ ggoo: GAME, bf1942: GAME, foreign: GAME }, { catalog });
    await rig.library.start();
    expect(
      rig.library.snapshot().games.map(({ id, name, availability }) => [id, name, availability]),
    ).toEqual([
      ["bf1942", "Battlefield", "local_only"],
      ["ggoo", "Great Game", "ready"],
    ]);
    expect(rig.library.manifestOf(BF1942)).toBeUndefined();
    expect(rig.library.localGames()[0]?.warnings).toEqual([
      expect.stringMatching(/2018\.04\.12.*2019\.01\.01/u),
    ]);
  });
});

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
    const rescan = rig.library.rescan(GGOO);
    rig.busy.add(GGOO);
    await rig.library.hold(GGOO);
    await rescan;
    expect(rig.library.snapshot().games).toEqual([]);
    expect(rig.library.localGames()[0]?.version).toBe("20180412");
  });
});

describe("after a restart", () => {
  it("has the same revision and reads nothing again when nothing changed", async () => {
    await using rig = await createRig({ ggoo: GAME, bf1942: GAME });
    await rig.library.start();
    await rig.library.hashed();
    const before = rig.library.snapshot();
    await writeFiles(join(rig.gamesDir, "ggoo"), { "data/unseen.txt": "a walk would find it" });
    await using again = await rig.restart();
    again.library.setHashingPaused(true);
    await again.library.start();
    expect(again.library.snapshot()).toEqual(before);
    expect(again.events).toEqual([{ snapshotChanged: false, localChanged: true }]);
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

describe("the games directory", () => {
  it.each<[string, string, (path: string) => Promise<unknown>]>([
    ["missing", "no-such-directory", async () => {}],
    ["a file", "not-a-directory", (path) => writeFile(path, "x")],
    ["below a file", "not-a-directory", (path) => writeFile(join(path, ".."), "x")],
  ])("that is %s is a problem with a name and a remedy, until it is mended", async (kind, code, make) => {
    await using dir = await temporaryDirectory();
    const gamesDir = kind === "below a file" ? dir.join("file", "games") : dir.join("games");
    await make(gamesDir);
    await using rig = await createRig({}, { gamesDir });
    await rig.library.start();
    const { problem } = rig.library.state();
    expect(problem).toMatchObject({ code, hint: expect.stringMatching(/./u) });
    expect(problem?.message).toContain(gamesDir);
    expect(rig.library.snapshot().games).toEqual([]);
    await rm(dir.path, { recursive: true });
    await writeFiles(join(gamesDir, "ggoo"), GAME);
    await rig.library.rescanAll();
    expect(rig.library.state().problem).toBeNull();
    expect(rig.library.snapshot().games.map((game) => game.id)).toEqual(["ggoo"]);
  });

  it("that is empty is said to be", async () => {
    await using rig = await createRig();
    await rig.library.start();
    expect(rig.library.state()).toMatchObject({
      problem: null,
      warnings: [expect.stringContaining(rig.gamesDir)],
    });
  });

  it.skipIf(process.platform === "win32")(
    "that may not be read is a problem; a game that may not be read is a warning",
    async () => {
      await using rig = await createRig({ ggoo: GAME, bf1942: GAME });
      for (const path of [rig.dir.path, rig.stateDir.root, rig.stateDir.libraryDir]) await chmod(path, 0o777);
      await chmod(join(rig.gamesDir, "ggoo"), 0);
      await asNobody(() => rig.library.start());
      expect(rig.library.localGames().find((game) => game.id === "ggoo")).toMatchObject({
        downloaded: false,
        warnings: [expect.stringContaining(join(rig.gamesDir, "ggoo"))],
      });
      expect(rig.library.snapshot().games.map((game) => game.id)).toEqual(["bf1942"]);
      await chmod(rig.gamesDir, 0);
      await asNobody(() => rig.library.rescanAll());
      expect(rig.library.state().problem).toMatchObject({ code: "no-permission" });
      await chmod(rig.gamesDir, 0o755);
      await chmod(join(rig.gamesDir, "ggoo"), 0o755);
      await rig.library.rescanAll();
      expect(rig.library.snapshot().games.map((game) => game.id)).toEqual(["bf1942", "ggoo"]);
    },
  );

  it("that comes back has its games without hashing them again", async () => {
    await using rig = await createRig({ ggoo: GAME });
    await rig.library.start();
    await rig.library.hashed();
    const before = rig.library.snapshot();
    await rename(rig.gamesDir, rig.dir.join("unplugged"));
    await rig.library.rescanAll();
    expect(rig.library.snapshot().games).toEqual([]);
    rig.library.setHashingPaused(true);
    await rename(rig.dir.join("unplugged"), rig.gamesDir);
    await rig.library.rescanAll();
    expect(rig.library.snapshot().games).toEqual(before.games);
  });

  it("can be changed, but not to one that is none", async () => {
    await using rig = await createRig({ ggoo: GAME });
    await rig.library.start();
    await expect(rig.library.setGamesDir(rig.dir.join("none"))).rejects.toMatchObject({
      code: "no-such-directory",
    });
    expect(rig.library.snapshot().games.map((game) => game.id)).toEqual(["ggoo"]);
    await writeFiles(rig.dir.join("other", "bf1942"), GAME);
    await rig.library.setGamesDir(rig.dir.join("other"));
    expect(rig.library.state().gamesDir).toBe(rig.dir.join("other"));
    expect(rig.library.snapshot().games.map((game) => game.id)).toEqual(["bf1942"]);
    await rig.library.hashed();
    expect(rig.library.snapshot().games[0]?.content_id).toBe(
      await expectedContentId(rig.library, rig.dir.join("other"), BF1942),
    );
  });

  it("that changes while it is scanned ends with the games of the new one alone", async () => {
    await using rig = await createRig(
      Object.fromEntries(Array.from({ length: 50 }, (_, n) => [`old${n}`, GAME])),
    );
    await writeFiles(rig.dir.join("other", "bf1942"), GAME);
    const start = rig.library.start();
    const change = rig.library.setGamesDir(rig.dir.join("other"));
    await Promise.all([start, change]);
    expect(rig.library.localGames().map((game) => game.id)).toEqual(["bf1942"]);
    await rig.library.rescanAll();
    expect(rig.library.localGames().map((game) => game.id)).toEqual(["bf1942"]);
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
