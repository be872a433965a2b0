import { join } from "node:path";
import type ParcelWatcher from "@parcel/watcher";
import { startHelperThread } from "../helper-thread.ts";
import { toWatchFailure, WatchFailure } from "./watch-failure.ts";
import type { WatchEventType } from "./watch-rules.ts";

export interface WatchedEvent {
  /** Absolute. */
  readonly path: string;
  readonly type: WatchEventType;
}

export interface DirectoryWatchOptions {
  /** What is left out, of paths relative to the directory: each matches a path as a whole. No flags. */
  readonly ignore: readonly RegExp[];
  /** Events of one batch. Several changes of one path are one event. */
  readonly onEvents: (events: readonly WatchedEvent[]) => void;
  /** Events may have been lost, or none will come any more: close this watch and take another one. */
  readonly onFailure: (failure: WatchFailure) => void;
}

/** A directory that is being watched with everything below it. */
export interface DirectoryWatch {
  /**
   * No event comes after this call.
   *
   * @throws WatchFailure when the watcher could not clean up: take no other watch of the same directory before all
   *   watches are closed.
   */
  close(): Promise<void>;
}

/**
 * Watches a directory.
 *
 * @param dir absolute, no link
 * @throws WatchFailure
 */
export type WatchDirectory = (dir: string, options: DirectoryWatchOptions) => Promise<DirectoryWatch>;

/** Named, since the default prefers a watcher that is a program of its own (Watchman) where that is installed. */
const BACKENDS: Partial<Record<NodeJS.Platform, ParcelWatcher.BackendType>> = {
  linux: "inotify",
  darwin: "fs-events",
  win32: "windows",
};

/**
 * What the wrapper of the watcher hands to its native part. What comes by its own option `ignore` is wrapped so that it may match
 * anywhere in a path, which makes each event cost several times as much: the native part matches whole paths.
 */
interface NativeOptions extends ParcelWatcher.Options {
  readonly ignoreGlobs: string[];
}

/** Watches of this process. */
let open = 0;
/** Whether one of them could not be cleaned up. */
let spoilt = false;

/** {@link WatchDirectory} by `@parcel/watcher`. An open watch keeps the process alive. */
export const watchDirectory: WatchDirectory = async (dir, options) => {
  const watcher = await load();
  // A call that finds no inotify instance left never returns, and nothing else runs any more.
  if (process.platform === "linux" && open === 0) await requireInstance(dir);
  const backend = BACKENDS[process.platform];
  const parcelOptions = {
    ignoreGlobs: options.ignore.map(({ source }) => source),
    ...(backend === undefined ? {} : { backend }),
  } satisfies NativeOptions;
  let closed = false;
  let subscription: ParcelWatcher.AsyncSubscription;
  open += 1;
  try {
    subscription = await watcher.subscribe(
      dir,
      (error, events) => {
        if (closed) return;
        if (error === null) options.onEvents(events);
        else options.onFailure(toWatchFailure(error));
      },
      parcelOptions,
    );
  } catch (error) {
    open -= 1;
    await forgetWhatIsSpoilt(watcher, dir);
    throw toWatchFailure(error);
  }
  return {
    close: async () => {
      if (closed) return;
      closed = true;
      try {
        await subscription.unsubscribe();
      } catch (error) {
        spoilt = true;
        throw toWatchFailure(error);
      } finally {
        open -= 1;
        await forgetWhatIsSpoilt(watcher, dir);
      }
    },
  };
};

async function load(): Promise<typeof ParcelWatcher> {
  try {
    return (await import("@parcel/watcher")).default;
  } catch (error) {
    throw new WatchFailure("unavailable", error instanceof Error ? error.message : String(error), {
      cause: error,
    });
  }
}

/**
 * A watch that could not be closed (its file system was unmounted) leaves its picture of the tree behind, and the next
 * watch of the same directory would believe in it. The watcher throws everything away when a watch fails and no
 * other one is open.
 */
async function forgetWhatIsSpoilt(watcher: typeof ParcelWatcher, dir: string): Promise<void> {
  if (!spoilt || open > 0) return;
  spoilt = false;
  const backend = BACKENDS[process.platform];
  const nowhere = join(dir, " nowhere");
  await watcher
    .subscribe(nowhere, () => {}, backend === undefined ? {} : { backend })
    .then(
      (subscription) => subscription.unsubscribe(),
      () => {},
    );
}

/** @throws WatchFailure where the system gives no inotify instance */
async function requireInstance(dir: string): Promise<void> {
  const worker = startHelperThread(PROBE_URL, { workerData: dir, name: "lanspread-watch-probe" });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let complaint: string | undefined;
  worker.once("message", (message: string) => {
    complaint = message;
  });
  worker.once("error", reject);
  // Its instance is free again when the thread has ended.
  worker.once("exit", () => resolve());
  await promise;
  if (complaint !== undefined) throw toWatchFailure(new Error(complaint));
}

/** The worker beside this file: a source when this is a source, compiled when this is compiled. */
const PROBE_URL = new URL(
  import.meta.url.endsWith(".ts") ? "./watch-probe-worker.ts" : "./watch-probe-worker.js",
  import.meta.url,
);
