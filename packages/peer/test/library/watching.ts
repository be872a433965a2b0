import { readdirSync, readFileSync } from "node:fs";
import { createVirtualClock, eventually, type VirtualClock } from "@lanspread/testkit";
import {
  type DirectoryWatch,
  type WatchDirectory,
  type WatchedEvent,
  watchDirectory,
} from "../../src/library/directory-watch.ts";
import { type LibraryMonitorOptions, monitorLibrary } from "../../src/library/index.ts";
import type { WatchFailure } from "../../src/library/watch-failure.ts";
import { silentLogger } from "../../src/logger.ts";
import { systemClock } from "../../src/peers/index.ts";
import type { Rig } from "./support.ts";

/**
 * A machine under load takes its time; nothing here is measured. The pause behind a look is nine times as long as that, and 30 s at
 * most: where the machine stands still for seconds during two of them, it is a minute until the next change is seen.
 */
export const DEADLINE_MS = 90_000;

/** The real watcher, and what a test wants to know of it. */
export interface CountedWatcher {
  readonly watch: WatchDirectory;
  /** Directories that are watched with a watch of their own, in the order in which these were taken. */
  readonly open: readonly string[];
  /** Watches that were taken so far. */
  taken(): number;
  /** Lets every open watch report a failure, as the system does when it lost events. */
  fail(failure: WatchFailure): void;
  /** Lets every open watch of `dir` report an event. */
  report(dir: string, event: WatchedEvent): void;
}

export function countedWatcher(): CountedWatcher {
  const open: string[] = [];
  const failures = new Set<(failure: WatchFailure) => void>();
  const reports = new Set<(from: string, event: WatchedEvent) => void>();
  let taken = 0;
  return {
    watch: async (dir, options): Promise<DirectoryWatch> => {
      const watch = await watchDirectory(dir, options);
      taken += 1;
      open.push(dir);
      failures.add(options.onFailure);
      const report = (from: string, event: WatchedEvent): void => {
        if (from === dir) options.onEvents([event]);
      };
      reports.add(report);
      return {
        close: async () => {
          open.splice(open.indexOf(dir), 1);
          failures.delete(options.onFailure);
          reports.delete(report);
          await watch.close();
        },
      };
    },
    open,
    taken: () => taken,
    fail: (failure) => {
      for (const onFailure of [...failures]) onFailure(failure);
    },
    report: (dir, event) => {
      for (const report of [...reports]) report(dir, event);
    },
  };
}

/** A library whose disk is watched. */
export interface Watching extends AsyncDisposable {
  readonly watcher: CountedWatcher;
  /** Ends the monitor; rejects with what it failed with. */
  stop(): Promise<void>;
}

/**
 * Starts the library of a rig and its monitor. Resolves when the disk is watched and the look that follows that has been
 * taken at every root.
 */
export async function startWatching(
  rig: Rig,
  options: Partial<LibraryMonitorOptions> = {},
): Promise<Watching> {
  const { library } = rig;
  const watcher = countedWatcher();
  const { looks: before } = library.state();
  await library.start();
  await library.hashed();
  const { looks } = library.state();
  const stopping = new AbortController();
  const monitor = monitorLibrary(
    { library, clock: systemClock, logger: silentLogger, watchDirectory: watcher.watch, ...options },
    stopping.signal,
  );
  const stop = (): Promise<void> => {
    stopping.abort();
    return monitor;
  };
  await eventually(() => watcher.open.length === 1 && library.state().looks === looks + (looks - before), {
    what: "the games directory is watched",
    deadlineMs: DEADLINE_MS,
  });
  // Looks count when they begin: what a test changes now must not be seen by one of these.
  await library.rescanAll();
  return { watcher, stop, [Symbol.asyncDispose]: stop };
}

/** A monitor whose time stands still until the test moves it. */
export interface StillMonitor extends AsyncDisposable {
  readonly clock: VirtualClock;
  readonly watcher: CountedWatcher;
  /** Ends the monitor; rejects with what it failed with. */
  stop(): Promise<void>;
}

/** Starts a monitor of a rig's library, which is started itself or not: waits for nothing. */
export function startStillMonitor(
  { library }: Rig,
  options: {
    readonly clock?: VirtualClock;
    /** What it gets in place of the watcher. */
    readonly watch?: (watcher: CountedWatcher) => WatchDirectory;
  } = {},
): StillMonitor {
  const { clock = createVirtualClock(), watch = (counted) => counted.watch } = options;
  const watcher = countedWatcher();
  const stopping = new AbortController();
  const monitor = monitorLibrary(
    { library, clock, logger: silentLogger, watchDirectory: watch(watcher) },
    stopping.signal,
  );
  const stop = (): Promise<void> => {
    stopping.abort();
    return monitor;
  };
  return { clock, watcher, stop, [Symbol.asyncDispose]: stop };
}

/** Directories that this process has inotify watch. */
export function inotifyWatches(): number {
  let watches = 0;
  for (const fd of readdirSync("/proc/self/fdinfo")) {
    try {
      watches += readFileSync(`/proc/self/fdinfo/${fd}`, "utf8").match(/^inotify /gmu)?.length ?? 0;
    } catch {
      // The descriptor of the listing itself.
    }
  }
  return watches;
}
