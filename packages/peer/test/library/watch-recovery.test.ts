import { mkdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  createVirtualClock,
  eventually,
  eventuallyPasses,
  smallDisk,
  smallDiskUnavailable,
} from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import {
  DIRECTORY_CHECK_MS,
  FALLBACK_SCAN_MS,
  UNWATCHED_SCAN_MS,
  WATCH_HELD_MS,
  WATCH_RETRY_FIRST_MS,
} from "../../src/library/constants.ts";
import type { WatchDirectory } from "../../src/library/directory-watch.ts";
import { monitorLibrary } from "../../src/library/index.ts";
import { WatchFailure } from "../../src/library/watch-failure.ts";
import { silentLogger } from "../../src/logger.ts";
import { systemClock } from "../../src/peers/index.ts";
import { createRig, GAME, GGOO, type Rig, writeFiles } from "./support.ts";
import { countedWatcher, DEADLINE_MS, inotifyWatches, startWatching } from "./watching.ts";

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
    const stopping = new AbortController();
    const clock = createVirtualClock();
    const watcher = countedWatcher();
    const monitor = monitorLibrary(
      { library: rig.library, clock, logger: silentLogger, watchDirectory: watcher.watch },
      stopping.signal,
    );
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
    stopping.abort();
    await monitor;
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
    const stopping = new AbortController();
    const watcher = countedWatcher();
    // Nothing but the check of the place may help: it is not looked through for 30 s.
    const clock = createVirtualClock();
    const monitor = monitorLibrary(
      { library: rig.library, clock, logger: silentLogger, watchDirectory: watcher.watch },
      stopping.signal,
    );
    await eventually(() => clock.pending > 0, soon);
    expect(rig.library.state().problem?.code).toBe("no-such-directory");
    await rename(rig.dir.join("away"), rig.gamesDir);
    await clock.advanceAsync(DIRECTORY_CHECK_MS);
    await eventually(() => ids(rig).join() === "ggoo" && watcher.open.length === 1, soon);
    stopping.abort();
    await monitor;
    expect(watcher.open).toEqual([]);
  });

  it("that comes and goes between two checks is not believed to be there", async () => {
    await using rig = await createRig({ ggoo: GAME });
    const away = rig.dir.join("away");
    await rename(rig.gamesDir, away);
    await rig.library.start();
    const stopping = new AbortController();
    const clock = createVirtualClock();
    const monitor = monitorLibrary(
      { library: rig.library, clock, logger: silentLogger, watchDirectory: countedWatcher().watch },
      stopping.signal,
    );
    await eventually(() => clock.pending > 0, soon);
    await rename(away, rig.gamesDir);
    await rig.library.rescanAll();
    expect(ids(rig)).toEqual(["ggoo"]);
    await rename(rig.gamesDir, away);
    await clock.advanceAsync(DIRECTORY_CHECK_MS);
    await eventually(() => rig.library.state().problem?.code === "no-such-directory", soon);
    // Told a moment later, when the revision is written.
    await eventually(() => ids(rig).length === 0, soon);
    stopping.abort();
    await monitor;
  });

  it("that is gone, which its watch notices first, is not said to be there and hard to watch", async () => {
    await using rig = await createRig({ ggoo: GAME });
    await rig.library.start();
    await rig.library.hashed();
    const stopping = new AbortController();
    const clock = createVirtualClock();
    const watcher = countedWatcher();
    const monitor = monitorLibrary(
      { library: rig.library, clock, logger: silentLogger, watchDirectory: watcher.watch },
      stopping.signal,
    );
    await eventually(() => rig.library.state().looks === 2 && clock.pending > 0, soon);
    await rename(rig.gamesDir, rig.dir.join("away"));
    watcher.fail(new WatchFailure("other", "a root is gone"));
    await eventually(() => rig.library.state().problem?.code === "no-such-directory", soon);
    await eventually(() => clock.pending > 0, soon);
    await clock.advanceAsync(WATCH_RETRY_FIRST_MS);
    await rig.library.rescanAll();
    expect(rig.library.state().warnings).toEqual([]);
    stopping.abort();
    await monitor;
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

describe("a watch", () => {
  it("that reports a failure is taken again after a pause, and what happened meanwhile is looked for", async () => {
    await using rig = await createRig({ ggoo: GAME });
    await rig.library.start();
    const clock = createVirtualClock();
    const watcher = countedWatcher();
    const stopping = new AbortController();
    const monitor = monitorLibrary(
      { library: rig.library, clock, logger: silentLogger, watchDirectory: watcher.watch },
      stopping.signal,
    );
    await eventually(() => watcher.open.length === 1 && clock.pending > 0, soon);
    for (const [failures, pause] of [1_000, 2_000, 4_000].entries()) {
      watcher.fail(new WatchFailure("other", "events were lost"));
      await eventually(() => watcher.open.length === 0, soon);
      await writeFile(join(rig.gamesDir, "ggoo", "version.ini"), `${failures}`);
      await rig.library.rescan(GGOO);
      // Nothing shows this one but a walk.
      await writeFile(join(rig.gamesDir, "ggoo", "data", "readme.txt"), "x".repeat(failures + 10));
      // Once may be bad luck; what fails again is told.
      await eventuallyPasses(
        () =>
          expect(rig.library.state().warnings).toEqual(
            failures === 0 ? [] : [expect.stringContaining("events were lost")],
          ),
        soon,
      );
      await clock.advanceAsync(pause - 1);
      expect(watcher.taken()).toBe(failures + 1);
      await clock.advanceAsync(1);
      await eventually(() => watcher.open.length === 1, soon);
      await eventually(
        () => rig.library.manifestOf(GGOO)?.manifest.files.some(({ size }) => size === failures + 10),
        soon,
      );
      await eventually(() => rig.library.state().warnings.length === 0, soon);
    }
    stopping.abort();
    await monitor;
  });

  it("that fails after it has worked for a while is taken again soon, however often that happens", async () => {
    await using rig = await createRig({ ggoo: GAME });
    await rig.library.start();
    const clock = createVirtualClock();
    const watcher = countedWatcher();
    const stopping = new AbortController();
    const monitor = monitorLibrary(
      { library: rig.library, clock, logger: silentLogger, watchDirectory: watcher.watch },
      stopping.signal,
    );
    await eventually(() => watcher.open.length === 1 && clock.pending > 0, soon);
    for (let times = 1; times <= 8; times++) {
      for (let ms = 0; ms < WATCH_HELD_MS; ms += DIRECTORY_CHECK_MS) {
        await clock.advanceAsync(DIRECTORY_CHECK_MS);
      }
      watcher.fail(new WatchFailure("other", "a directory is gone"));
      await eventually(() => watcher.open.length === 0 && clock.pending > 0, soon);
      await clock.advanceAsync(WATCH_RETRY_FIRST_MS);
      await eventually(() => watcher.open.length === 1 && clock.pending > 0, soon);
      expect(watcher.taken()).toBe(times + 1);
      expect(rig.library.state().warnings).toEqual([]);
    }
    stopping.abort();
    await monitor;
  });

  it("that reports nothing of a new game is helped by the next look at everything", async () => {
    await using rig = await createRig({ ggoo: GAME });
    await rig.library.start();
    const clock = createVirtualClock();
    const watcher = countedWatcher();
    const deaf: WatchDirectory = (dir, options) =>
      watcher.watch(dir, { ...options, onEvents: dir === rig.gamesDir ? () => {} : options.onEvents });
    const stopping = new AbortController();
    const monitor = monitorLibrary(
      { library: rig.library, clock, logger: silentLogger, watchDirectory: deaf },
      stopping.signal,
    );
    const looksAtFirst = 2;
    await eventually(() => rig.library.state().looks === looksAtFirst && clock.pending > 0, soon);
    await writeFiles(join(rig.gamesDir, "new"), GAME);
    await clock.advanceAsync(FALLBACK_SCAN_MS);
    await eventually(() => ids(rig).join() === "ggoo,new", soon);
    await eventually(async () => {
      await clock.advanceAsync(DIRECTORY_CHECK_MS);
      return watcher.open.includes(join(rig.gamesDir, "new"));
    }, soon);
    stopping.abort();
    await monitor;
  });

  it("ends with the failure of its library, and leaves nothing behind: it can be started again", async () => {
    await using rig = await createRig({ ggoo: GAME });
    const { library } = rig;
    await library.start();
    const watcher = countedWatcher();
    const monitor = monitorLibrary(
      {
        library: {
          state: () => library.state(),
          snapshot: () => library.snapshot(),
          rescan: (id, options) => library.rescan(id, options),
          rescanAll: (options) => library.rescanAll(options),
          relist: () => Promise.reject(new Error("the library fails")),
          setWatchWarning: (warning) => library.setWatchWarning(warning),
          onChange: (handler) => library.onChange(handler),
        },
        clock: systemClock,
        logger: silentLogger,
        watchDirectory: watcher.watch,
      },
      new AbortController().signal,
    );
    let failure: unknown;
    monitor.catch((error: unknown) => {
      failure = error;
    });
    await eventually(() => watcher.open.length === 1, soon);
    // A scan that is due anyway may see one of them before the library is asked for its list.
    let made = 0;
    await eventually(async () => {
      made += 1;
      await mkdir(join(rig.gamesDir, `new${made}`));
      return failure !== undefined;
    }, soon);
    expect(failure).toMatchObject({ message: "the library fails" });
    expect(watcher.open).toEqual([]);
  });

  it("leaves nothing behind when it ends", async () => {
    await using rig = await createRig({ ggoo: GAME });
    const before = inotifyWatches();
    const watching = await startWatching(rig);
    expect(inotifyWatches()).toBeGreaterThan(before);
    await writeFiles(join(rig.gamesDir, "new"), GAME);
    await eventually(() => watching.watcher.open.length === 2, soon);
    await watching.stop();
    expect(watching.watcher.open).toEqual([]);
    expect(inotifyWatches()).toBe(before);
  });

  it("is not trusted after the process was stopped: everything is looked at when it goes on", async () => {
    await using rig = await createRig({ ggoo: GAME });
    await rig.library.start();
    const virtual = createVirtualClock();
    let stoppedForMs = 0;
    const clock = { ...virtual, now: () => virtual.now() + stoppedForMs };
    const stopping = new AbortController();
    const monitor = monitorLibrary(
      { library: rig.library, clock, logger: silentLogger, watchDirectory: countedWatcher().watch },
      stopping.signal,
    );
    const looks = (): number => rig.library.state().looks;
    await eventually(() => looks() === 2 && virtual.pending > 0, soon);
    await virtual.advanceAsync(DIRECTORY_CHECK_MS);
    // Asleep again.
    await eventually(() => virtual.pending > 0, soon);
    expect(looks()).toBe(2);
    stoppedForMs = FALLBACK_SCAN_MS / 4;
    await virtual.advanceAsync(DIRECTORY_CHECK_MS);
    await eventually(() => looks() === 3, soon);
    stopping.abort();
    await monitor;
  });

  it.each<[string, number, Error | null]>([
    ["every 300 s where changes are reported", FALLBACK_SCAN_MS, null],
    [
      "every 30 s where the system gives no watches",
      UNWATCHED_SCAN_MS,
      new Error("inotify_add_watch failed: No space left on device"),
    ],
    [
      "every 30 s where there is no watcher, and none is tried again",
      UNWATCHED_SCAN_MS,
      new WatchFailure("unavailable", "its binary is missing"),
    ],
  ])("is not trusted: everything is looked at %s", async (_, intervalMs, refusal) => {
    await using rig = await createRig({ ggoo: GAME });
    await rig.library.start();
    await rig.library.hashed();
    const clock = createVirtualClock();
    const watcher = countedWatcher();
    const stopping = new AbortController();
    const monitor = monitorLibrary(
      {
        library: rig.library,
        clock,
        logger: silentLogger,
        watchDirectory: refusal === null ? watcher.watch : () => Promise.reject(refusal),
      },
      stopping.signal,
    );
    const scans = (): number => rig.library.state().looks;
    const first = 2;
    await eventually(() => scans() === first && clock.pending > 0, soon);
    for (let round = 1; round <= 3; round += 1) {
      await clock.advanceAsync(intervalMs - DIRECTORY_CHECK_MS);
      expect(scans()).toBe(first + round - 1);
      await clock.advanceAsync(DIRECTORY_CHECK_MS);
      await eventually(() => scans() === first + round, soon);
    }
    stopping.abort();
    await monitor;
  });
});
