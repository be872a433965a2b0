import { mkdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { eventually, smallDisk, smallDiskUnavailable } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import { DIRECTORY_CHECK_MS, WATCH_RETRY_FIRST_MS } from "../../src/library/constants.ts";
import { WatchFailure } from "../../src/library/watch-failure.ts";
import { createRig, GAME, GGOO, type Rig, writeFiles } from "./support.ts";
import { DEADLINE_MS, startStillMonitor, startWatching } from "./watching.ts";

const soon = { deadlineMs: DEADLINE_MS };
const ids = (rig: Rig): string[] => rig.library.snapshot().games.map(({ id }) => id);

/** Makes a change at the root's first level and one deep in it, and waits until each is seen. */
async function expectWatched(rig: Rig, version: string): Promise<void> {
  const root = join(rig.library.state().gamesDir, "ggoo");
  await writeFile(join(root, "version.ini"), version);
  await eventually(() => rig.library.snapshot().games[0]?.version === version, soon);
  await writeFile(join(root, "data", "readme.txt"), version.repeat(20));
  await eventually(
    () => rig.library.manifestOf(GGOO)?.manifest.files.some(({ size }) => size === version.length * 20),
    soon,
  );
}

describe("a games directory", () => {
  it("that is renamed away and comes back is watched again", async () => {
    await using rig = await createRig({ ggoo: GAME });
    await using watching = await startWatching(rig);
    await rename(rig.gamesDir, rig.dir.join("away"));
    await eventually(() => rig.library.state().problem?.code === "no-such-directory", soon);
    expect(rig.library.localGames()).toEqual([]);
    await eventually(() => watching.watcher.open.length === 0, soon);
    // What it holds changes meanwhile.
    await writeFiles(rig.dir.join("away"), { "bf1942/version.ini": "1" });
    await rename(rig.dir.join("away"), rig.gamesDir);
    await eventually(() => ids(rig).join() === "bf1942,ggoo", soon);
    await rm(join(rig.gamesDir, "bf1942"), { recursive: true });
    await eventually(() => ids(rig).join() === "ggoo", soon);
    await expectWatched(rig, "77");
  });

  it("that is deleted and made anew is watched again", async () => {
    await using rig = await createRig({ ggoo: GAME });
    await using _watching = await startWatching(rig);
    await rm(rig.gamesDir, { recursive: true });
    await eventually(() => rig.library.state().problem?.code === "no-such-directory", soon);
    await writeFiles(rig.gamesDir, { "ggoo/version.ini": "5", "ggoo/data/readme.txt": "hi" });
    await eventually(() => rig.library.snapshot().games[0]?.version === "5", soon);
    await expectWatched(rig, "78");
  });

  it("that is gone is not taken for another one that looks the same, and its watch for that one's", async () => {
    await using rig = await createRig({ ggoo: GAME });
    await rig.library.start();
    await rig.library.hashed();
    await using monitor = startStillMonitor(rig);
    const { clock, watcher } = monitor;
    const looks = (): number => rig.library.state().looks;
    await eventually(() => looks() === 2 && clock.pending > 0, soon);
    // Where it was deleted and made anew, it may have got the same inode at once.
    watcher.report(rig.gamesDir, { path: rig.gamesDir, type: "delete" });
    await eventually(() => watcher.taken() === 2 && watcher.open.length === 1, soon);
    await eventually(() => looks() >= 3, soon);
    // Nothing else that happens to it calls for that.
    watcher.report(rig.gamesDir, { path: rig.gamesDir, type: "update" });
    await writeFile(join(rig.gamesDir, "ggoo", "version.ini"), "90");
    await eventually(() => rig.library.snapshot().games[0]?.version === "90", soon);
    await clock.advanceAsync(DIRECTORY_CHECK_MS);
    expect(watcher.taken()).toBe(2);
  });

  it("that another one takes the place of is watched as that one", async () => {
    await using rig = await createRig({ ggoo: GAME });
    await using _watching = await startWatching(rig);
    await writeFiles(rig.dir.join("other"), {
      "ggoo/version.ini": "6",
      "ggoo/data/deep/x": "x",
      "ggoo/data/readme.txt": "hi",
    });
    await rename(rig.gamesDir, rig.dir.join("away"));
    await rename(rig.dir.join("other"), rig.gamesDir);
    await eventually(() => rig.library.snapshot().games[0]?.version === "6", soon);
    await expectWatched(rig, "79");
  });

  it("that is missing at first is watched when it comes", async () => {
    await using rig = await createRig({ ggoo: GAME });
    await rename(rig.gamesDir, rig.dir.join("away"));
    await rig.library.start();
    // Nothing but the check of the place may help: it is not looked through for 30 s.
    await using monitor = startStillMonitor(rig);
    const { clock, watcher } = monitor;
    await eventually(() => clock.pending > 0, soon);
    expect(rig.library.state().problem?.code).toBe("no-such-directory");
    await rename(rig.dir.join("away"), rig.gamesDir);
    await clock.advanceAsync(DIRECTORY_CHECK_MS);
    await eventually(() => ids(rig).join() === "ggoo" && watcher.open.length === 1, soon);
    await monitor.stop();
    expect(watcher.open).toEqual([]);
  });

  it("that comes and goes between two checks is not believed to be there", async () => {
    await using rig = await createRig({ ggoo: GAME });
    const away = rig.dir.join("away");
    await rename(rig.gamesDir, away);
    await rig.library.start();
    await using monitor = startStillMonitor(rig);
    const { clock } = monitor;
    await eventually(() => clock.pending > 0, soon);
    await rename(away, rig.gamesDir);
    await rig.library.rescanAll();
    expect(ids(rig)).toEqual(["ggoo"]);
    await rename(rig.gamesDir, away);
    await clock.advanceAsync(DIRECTORY_CHECK_MS);
    await eventually(() => rig.library.state().problem?.code === "no-such-directory", soon);
    // Told a moment later, when the revision is written.
    await eventually(() => ids(rig).length === 0, soon);
  });

  it("that is gone, which its watch notices first, is not said to be there and hard to watch", async () => {
    await using rig = await createRig({ ggoo: GAME });
    await rig.library.start();
    await rig.library.hashed();
    await using monitor = startStillMonitor(rig);
    const { clock, watcher } = monitor;
    await eventually(() => rig.library.state().looks === 2 && clock.pending > 0, soon);
    await rename(rig.gamesDir, rig.dir.join("away"));
    watcher.fail(new WatchFailure("other", "a root is gone"));
    await eventually(() => rig.library.state().problem?.code === "no-such-directory", soon);
    await eventually(() => clock.pending > 0, soon);
    await clock.advanceAsync(WATCH_RETRY_FIRST_MS);
    await rig.library.rescanAll();
    expect(rig.library.state().warnings).toEqual([]);
  });

  it("that is changed takes the watch along", async () => {
    await using rig = await createRig({ ggoo: GAME, other: GAME });
    await using watching = await startWatching(rig);
    const moved = rig.dir.join("moved");
    await writeFiles(join(moved, "ggoo"), GAME);
    await rig.library.setGamesDir(moved);
    await eventually(() => watching.watcher.open.join() === moved, soon);
    await expectWatched(rig, "80");
    const { looks } = rig.library.state();
    await rm(join(rig.gamesDir, "ggoo"), { recursive: true });
    await expectWatched(rig, "81");
    // Two changes of the new one, no look for the old one: each is seen within two looks.
    expect(rig.library.state().looks - looks).toBeLessThanOrEqual(4);
  });

  it("that is a link is watched where it leads", async () => {
    await using rig = await createRig({ ggoo: GAME });
    await symlink(rig.gamesDir, rig.dir.join("link"));
    await using watching = await startWatching(rig);
    await rig.library.setGamesDir(rig.dir.join("link"));
    await eventually(() => watching.watcher.taken() === 2, soon);
    await expectWatched(rig, "82");
    await writeFiles(rig.dir.join("target"), { "ggoo/version.ini": "7", "ggoo/data/readme.txt": "hi" });
    await rm(rig.dir.join("link"));
    await symlink(rig.dir.join("target"), rig.dir.join("link"));
    // A look for what was changed before may already lead to the target, which is not watched yet.
    await eventually(() => watching.watcher.taken() === 3, soon);
    await eventually(() => rig.library.snapshot().games[0]?.version === "7", soon);
    await expectWatched(rig, "83");
  });

  const noDisk = smallDiskUnavailable();
  it.skipIf(noDisk !== undefined)(
    `that is unmounted and mounted again is watched again${noDisk === undefined ? "" : ` (skipped: ${noDisk})`}`,
    async () => {
      await using rig = await createRig();
      const link = rig.dir.join("drive");
      await using mounts = new AsyncDisposableStack();
      const first = mounts.use(await smallDisk(1_000_000));
      await writeFiles(first.join("games", "ggoo"), { ...GAME, "data/old/x": "x" });
      await symlink(first.join("games"), link);
      await rig.library.setGamesDir(link);
      await using _watching = await startWatching(rig);
      expect(ids(rig)).toEqual(["ggoo"]);
      await mounts.disposeAsync();
      await eventually(() => rig.library.state().problem?.code === "no-such-directory", soon);
      expect(rig.library.localGames()).toEqual([]);

      // The drive comes back at the very same place, with more than it had.
      await mkdir(first.path);
      await writeFiles(first.join("games", "ggoo"), {
        ...GAME,
        "version.ini": "8",
        "data/old/x": "x",
        "data/new/deep/y": "y",
      });
      await eventually(() => rig.library.snapshot().games[0]?.version === "8", soon);
      await expectWatched(rig, "84");
      await writeFile(first.join("games", "ggoo", "data/new/deep/y"), "longer");
      await eventually(
        () =>
          rig.library
            .manifestOf(GGOO)
            ?.manifest.files.some(({ path, size }) => path === "data/new/deep/y" && size === 6),
        soon,
      );
      await rm(first.path, { recursive: true });
    },
  );
});
