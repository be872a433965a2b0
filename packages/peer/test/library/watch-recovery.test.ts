import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createVirtualClock, eventually, eventuallyPasses } from "@lanspread/testkit";
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
import {
  type CountedWatcher,
  countedWatcher,
  DEADLINE_MS,
  inotifyWatches,
  startStillMonitor,
  startWatching,
} from "./watching.ts";

const soon = { deadlineMs: DEADLINE_MS };
const ids = (rig: Rig): string[] => rig.library.snapshot().games.map(({ id }) => id);

describe("a watch", () => {
  it("that reports a failure is taken again after a pause, and what happened meanwhile is looked for", async () => {
    await using rig = await createRig({ ggoo: GAME });
    await rig.library.start();
    await using monitor = startStillMonitor(rig);
    const { clock, watcher } = monitor;
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
  });

  it("that fails after it has worked for a while is taken again soon, however often that happens", async () => {
    await using rig = await createRig({ ggoo: GAME });
    await rig.library.start();
    await using monitor = startStillMonitor(rig);
    const { clock, watcher } = monitor;
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
  });

  it("that reports nothing of a new game is helped by the next look at everything", async () => {
    await using rig = await createRig({ ggoo: GAME });
    await rig.library.start();
    const watch =
      (watcher: CountedWatcher): WatchDirectory =>
      (dir, options) =>
        watcher.watch(dir, { ...options, onEvents: dir === rig.gamesDir ? () => {} : options.onEvents });
    await using monitor = startStillMonitor(rig, { watch });
    const { clock, watcher } = monitor;
    const looksAtFirst = 2;
    await eventually(() => rig.library.state().looks === looksAtFirst && clock.pending > 0, soon);
    await writeFiles(join(rig.gamesDir, "new"), GAME);
    await clock.advanceAsync(FALLBACK_SCAN_MS);
    await eventually(() => ids(rig).join() === "ggoo,new", soon);
    await eventually(async () => {
      await clock.advanceAsync(DIRECTORY_CHECK_MS);
      return watcher.open.includes(join(rig.gamesDir, "new"));
    }, soon);
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
    await using _monitor = startStillMonitor(rig, { clock });
    const looks = (): number => rig.library.state().looks;
    await eventually(() => looks() === 2 && virtual.pending > 0, soon);
    await virtual.advanceAsync(DIRECTORY_CHECK_MS);
    // Asleep again.
    await eventually(() => virtual.pending > 0, soon);
    expect(looks()).toBe(2);
    stoppedForMs = FALLBACK_SCAN_MS / 4;
    await virtual.advanceAsync(DIRECTORY_CHECK_MS);
    await eventually(() => looks() === 3, soon);
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
    await using monitor = startStillMonitor(
      rig,
      refusal === null ? {} : { watch: () => () => Promise.reject(refusal) },
    );
    const { clock } = monitor;
    const scans = (): number => rig.library.state().looks;
    const first = 2;
    await eventually(() => scans() === first && clock.pending > 0, soon);
    for (let round = 1; round <= 3; round += 1) {
      await clock.advanceAsync(intervalMs - DIRECTORY_CHECK_MS);
      expect(scans()).toBe(first + round - 1);
      await clock.advanceAsync(DIRECTORY_CHECK_MS);
      await eventually(() => scans() === first + round, soon);
    }
  });
});
