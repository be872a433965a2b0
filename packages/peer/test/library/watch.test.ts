import { execFile } from "node:child_process";
import { mkdir, rename, rm, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { asGameId } from "@lanspread/proto";
import { eventually, eventuallyPasses } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import { createRig, GAME, GGOO, type Rig, writeFiles } from "./support.ts";
import { DEADLINE_MS, inotifyWatches, startWatching } from "./watching.ts";

const run = promisify(execFile);
const NEW = asGameId("new");
const soon = { deadlineMs: DEADLINE_MS };

const ids = (rig: Rig): string[] => rig.library.snapshot().games.map(({ id }) => id);
const filesOf = (rig: Rig, id = GGOO): readonly string[] =>
  rig.library.manifestOf(id)?.manifest.files.map(({ path }) => path) ?? [];

describe("a change on the disk becomes visible by itself:", () => {
  it.each<[string, (rig: Rig, root: string) => Promise<unknown>, (rig: Rig) => unknown]>([
    [
      "a game that is moved in",
      async (rig) => {
        await writeFiles(rig.dir.join("new"), GAME);
        await rename(rig.dir.join("new"), join(rig.gamesDir, "new"));
      },
      (rig) => expect(ids(rig)).toEqual(["ggoo", "new"]),
    ],
    [
      "a game that is copied",
      (rig, root) => run("cp", ["-r", root, join(rig.gamesDir, "new")]),
      (rig) => expect(filesOf(rig, NEW)).toEqual(filesOf(rig)),
    ],
    [
      "a game that is renamed",
      (rig, root) => rename(root, join(rig.gamesDir, "other")),
      (rig) => expect(ids(rig)).toEqual(["other"]),
    ],
    [
      "a game that is deleted",
      (_, root) => rm(root, { recursive: true }),
      (rig) => {
        expect(rig.library.localGames()).toEqual([]);
        expect(rig.library.state().warnings).toEqual([expect.stringContaining("holds no games yet")]);
      },
    ],
    [
      "a game that is moved away",
      (rig, root) => rename(root, rig.dir.join("elsewhere")),
      (rig) => expect(rig.library.localGames()).toEqual([]),
    ],
    [
      "a sentinel that goes",
      (_, root) => rm(join(root, "version.ini")),
      (rig) => expect(ids(rig)).toEqual([]),
    ],
    [
      "a sentinel that is renamed into place",
      async (_, root) => {
        await writeFile(join(root, ".version.ini.tmp"), "2020.01.01");
        await rename(join(root, ".version.ini.tmp"), join(root, "version.ini"));
      },
      (rig) => expect(rig.library.snapshot().games[0]?.version).toBe("20200101"),
    ],
    [
      "an install",
      (_, root) => writeFiles(root, { "local/bin/game.exe": "x" }),
      (rig) => expect(rig.library.snapshot().games[0]?.installed).toBe(true),
    ],
    [
      "an archive that is replaced",
      async (rig, root) => {
        await writeFile(rig.dir.join("other.eti"), "longer archive");
        await rename(rig.dir.join("other.eti"), join(root, "ggoo.eti"));
      },
      (rig) => expect(rig.library.snapshot().games[0]?.size).toBe(35),
    ],
    [
      "a file deep in a game",
      (_, root) => writeFiles(root, { "data/maps/one.map": "x" }),
      (rig) => expect(filesOf(rig)).toContain("data/maps/one.map"),
    ],
    [
      "a folder that is no game",
      (rig) => mkdir(join(rig.gamesDir, "My Game")),
      (rig) => expect(rig.library.state().warnings).toEqual([expect.stringContaining("My Game")]),
    ],
  ])("%s", async (_, change, expected) => {
    await using rig = await createRig({ ggoo: GAME });
    await using _watching = await startWatching(rig);
    await change(rig, join(rig.gamesDir, "ggoo"));
    await eventuallyPasses(() => expected(rig), soon);
  });

  it("a sentinel that comes back, and an install that is removed", async () => {
    await using rig = await createRig({ ggoo: { ...GAME, "local/game.exe": "x" } });
    await using _watching = await startWatching(rig);
    const root = join(rig.gamesDir, "ggoo");
    await rm(join(root, "version.ini"));
    await eventually(() => ids(rig).length === 0, soon);
    await writeFile(join(root, "version.ini"), "3");
    await eventually(() => rig.library.snapshot().games[0]?.version === "3", soon);
    await rm(join(root, "local"), { recursive: true });
    await eventually(() => rig.library.snapshot().games[0]?.installed === false, soon);
  });

  it.each([["data/readme.txt"], ["readme.txt"], ["ggoo.eti"]])(
    "a rewrite of %s in the same length, within the same second",
    async (path) => {
      await using rig = await createRig({ ggoo: { ...GAME, "readme.txt": "hi" } });
      const file = join(rig.gamesDir, "ggoo", path);
      const second = Math.floor(Date.now() / 1000);
      await utimes(file, second, second + 0.1);
      await using _watching = await startWatching(rig);
      const before = rig.library.snapshot().games[0]?.content_id;
      await writeFile(file, path === "ggoo.eti" ? "ARCHIVE" : "HI");
      await utimes(file, second, second + 0.2);
      await eventuallyPasses(async () => {
        await rig.library.hashed();
        expect(rig.library.snapshot().games[0]?.content_id).not.toBe(before);
        expect(rig.library.snapshot().games[0]?.content_id).not.toBeNull();
      }, soon);
    },
  );

  it.each<[string, (rig: Rig) => Promise<unknown>]>([
    [
      "moved in",
      async (rig) => {
        await writeFiles(rig.dir.join("new"), { ...GAME, "a/b/c/d.txt": "old" });
        await rename(rig.dir.join("new"), join(rig.gamesDir, "new"));
      },
    ],
    ["renamed", (rig) => rename(join(rig.gamesDir, "old"), join(rig.gamesDir, "new"))],
    ["copied", (rig) => run("cp", ["-r", join(rig.gamesDir, "old"), join(rig.gamesDir, "new")])],
    [
      "moved in over another one",
      async (rig) => {
        await rename(join(rig.gamesDir, "old"), join(rig.gamesDir, "new"));
        await eventually(() => ids(rig).includes("new"), soon);
        await writeFiles(rig.dir.join("next"), { ...GAME, "a/b/c/d.txt": "old" });
        await rm(join(rig.gamesDir, "new"), { recursive: true });
        await rename(rig.dir.join("next"), join(rig.gamesDir, "new"));
      },
    ],
  ])("what changes deep in a game that was %s", async (_, arrive) => {
    await using rig = await createRig({ ggoo: GAME, old: { ...GAME, "a/b/c/d.txt": "old" } });
    await using watching = await startWatching(rig);
    await arrive(rig);
    await eventually(() => watching.watcher.open.some((dir) => dir.endsWith("new")), soon);
    // The first one may be seen because the game has come just now. The last ones are seen for their own events.
    for (const size of [10, 11, 12]) {
      await writeFile(join(rig.gamesDir, "new", "a/b/c/d.txt"), "x".repeat(size));
      await eventually(
        () =>
          rig.library
            .manifestOf(NEW)
            ?.manifest.files.some((file) => file.path === "a/b/c/d.txt" && file.size === size),
        soon,
      );
    }
  });
});

describe("what must cost nothing:", () => {
  it("thousands of files under local/ are no watches and no looks", async () => {
    await using rig = await createRig({ ggoo: { ...GAME, "local/game.exe": "x" }, marker: GAME });
    await using _watching = await startWatching(rig);
    const watches = inotifyWatches();
    expect(watches).toBeGreaterThan(0);
    const { looks } = rig.library.state();
    const local = join(rig.gamesDir, "ggoo", "local");
    for (let folder = 0; folder < 20; folder += 1) {
      await mkdir(join(local, `saves-${folder}`, "deep"), { recursive: true });
      await Promise.all(
        Array.from({ length: 100 }, (_, n) => writeFile(join(local, `saves-${folder}`, "deep", `${n}`), "x")),
      );
    }
    // Events come in order: when the marker has been seen, the others would have been.
    await rm(join(rig.gamesDir, "marker", "version.ini"));
    await eventually(() => ids(rig).length === 1, soon);
    expect(inotifyWatches()).toBe(watches);
    expect(rig.library.state().looks).toBe(looks + 1);
  });

  it("what lanspread does under its reserved names, and folders that are no games", async () => {
    await using rig = await createRig({ ggoo: GAME, marker: GAME });
    await mkdir(join(rig.gamesDir, "No Game", "a", "b"), { recursive: true });
    await using _watching = await startWatching(rig);
    const watches = inotifyWatches();
    const { looks } = rig.library.state();
    const root = join(rig.gamesDir, "ggoo");
    await writeFiles(root, {
      ".local.installing/.lanspread_owned": "x",
      ".local.installing/bin/x": "x",
      ".LOCAL.BACKUP/bin/x": "x",
      ".sync/a/b": "x",
      ".version.ini.tmp": "x",
      "../.fixture-abc/data/x": "x",
      "../No Game/c/d": "x",
    });
    await rm(join(rig.gamesDir, "marker", "version.ini"));
    await eventually(() => ids(rig).length === 1, soon);
    // The watcher has one on the new folder that is no game, as it has on every direct child; on nothing in it.
    expect(inotifyWatches()).toBe(watches + 1);
    expect(rig.library.state().looks).toBe(looks + 1);
  });

  it("a game that an operation changes is not looked at before the operation ends", async () => {
    await using rig = await createRig({ ggoo: GAME, marker: GAME });
    await using _watching = await startWatching(rig);
    rig.busy.add(GGOO);
    await rig.library.hold(GGOO);
    const { looks } = rig.library.state();
    await writeFiles(join(rig.gamesDir, "ggoo"), { "version.ini": "9", "data/new.txt": "x" });
    await rm(join(rig.gamesDir, "marker", "version.ini"));
    await eventually(
      () => rig.library.localGames().every(({ id, downloaded }) => id !== "marker" || !downloaded),
      soon,
    );
    expect(rig.library.state().looks).toBe(looks + 1);
    await rig.library.release(GGOO);
    rig.busy.delete(GGOO);
    expect(rig.library.snapshot().games[0]?.version).toBe("9");
  });
});
