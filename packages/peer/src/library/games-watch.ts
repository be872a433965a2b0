import { lstat, realpath } from "node:fs/promises";
import { join, sep } from "node:path";
import { type GameId, isGameId } from "@lanspread/proto";
import { errnoOf } from "../errors/index.ts";
import type { DirectoryWatch, WatchDirectory, WatchedEvent } from "./directory-watch.ts";
import { toWatchFailure, type WatchFailure } from "./watch-failure.ts";
import { IGNORED_IN_GAMES_DIR, IGNORED_IN_ROOT } from "./watch-rules.ts";

export interface GamesWatchOptions {
  /** Absolute; may be a link. */
  readonly gamesDir: string;
  readonly watchDirectory: WatchDirectory;
  /** Paths are relative to the games directory; the directory itself is the empty one. */
  readonly onEvents: (events: readonly WatchedEvent[]) => void;
  /** Events may have been lost, or none will come any more: take another watch. Called once. */
  readonly onFailure: (failure: WatchFailure) => void;
}

/**
 * A games directory that is being watched: by one recursive watch, and by one of its own for each root that has come or
 * got new directories since.
 *
 * Linux watches directories one by one. The watcher notices a new directory by an event of its parent, and watches
 * it from then on, but does not look into it: what it held by then is neither reported nor watched, and the
 * directories below one that was renamed keep their old paths. A watch that is taken anew sees everything.
 */
export class GamesWatch {
  readonly #options: GamesWatchOptions;
  /** Where the games directory really is: events come under that path. */
  readonly #place: string;
  readonly #roots = new Map<GameId, DirectoryWatch>();
  #main: DirectoryWatch | undefined;
  /** One after the other: a watch of a root is closed before another one of the same root is taken. */
  #queue: Promise<unknown> = Promise.resolve();
  /** Roots whose turn has not come: one watch sees whatever came until it is taken, however often that was asked for. */
  readonly #waiting = new Map<GameId, Promise<void>>();
  #failed = false;
  #closing = false;

  private constructor(options: GamesWatchOptions, place: string) {
    this.#options = options;
    this.#place = place;
  }

  /** @throws WatchFailure, and what the system says where the directory is not there */
  static async open(options: GamesWatchOptions): Promise<GamesWatch> {
    const watch = new GamesWatch(options, await realpath(options.gamesDir));
    watch.#main = await watch.#take(watch.#place, IGNORED_IN_GAMES_DIR, (path) => !watch.#isTold(path));
    return watch;
  }

  /**
   * Watches a root with everything that is in it by now. Where the system watches whole trees by itself, nothing is to be
   * done. A failure is told like any other one; the returned promise never rejects.
   */
  refreshRoot(id: GameId): Promise<void> {
    if (process.platform !== "linux") return Promise.resolve();
    const waiting = this.#waiting.get(id);
    if (waiting !== undefined) return waiting;
    const refreshed = this.#inOrder(async () => {
      this.#waiting.delete(id);
      const before = this.#roots.get(id);
      this.#roots.delete(id);
      await before?.close();
      const root = join(this.#place, id);
      if (!(await isDirectory(root)) || this.#closing) return;
      try {
        this.#roots.set(id, await this.#take(root, IGNORED_IN_ROOT, () => true));
      } catch (error) {
        // What vanishes meanwhile is reported by the watch above it.
        if (await isDirectory(root)) throw error;
      }
    });
    this.#waiting.set(id, refreshed);
    return refreshed;
  }

  /** Resolves when nothing is watched any more. */
  async close(): Promise<void> {
    this.#closing = true;
    await this.#queue;
    const watches = [...this.#roots.values(), ...(this.#main === undefined ? [] : [this.#main])];
    this.#roots.clear();
    this.#main = undefined;
    // What the watcher cannot clean up is its own affair: nobody hears of it any more.
    for (const watch of watches) await watch.close().catch(() => {});
  }

  #inOrder(work: () => Promise<void>): Promise<void> {
    const done = this.#queue.then(async () => {
      if (this.#closing) return;
      try {
        await work();
      } catch (error) {
        this.#fail(toWatchFailure(error));
      }
    });
    this.#queue = done;
    return done;
  }

  #take(
    dir: string,
    ignore: readonly RegExp[],
    isWanted: (path: string) => boolean,
  ): Promise<DirectoryWatch> {
    return this.#options.watchDirectory(dir, {
      ignore,
      onEvents: (events) => {
        if (this.#closing) return;
        const wanted = events.map((event) => this.#relative(event)).filter(({ path }) => isWanted(path));
        if (wanted.length > 0) this.#options.onEvents(wanted);
      },
      onFailure: (failure) => this.#fail(failure),
    });
  }

  #relative({ path, type }: WatchedEvent): WatchedEvent {
    return { path: path.startsWith(this.#place) ? path.slice(this.#place.length + 1) : path, type };
  }

  /** Whether the watch of a root tells the same. */
  #isTold(path: string): boolean {
    if (this.#roots.size === 0) return false;
    const end = path.indexOf(sep);
    const id = path.slice(0, end);
    return end > 0 && isGameId(id) && this.#roots.has(id);
  }

  #fail(failure: WatchFailure): void {
    if (this.#failed || this.#closing) return;
    this.#failed = true;
    this.#options.onFailure(failure);
  }
}

async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await lstat(path)).isDirectory();
  } catch (error) {
    if (errnoOf(error) === "ENOENT" || errnoOf(error) === "ENOTDIR") return false;
    throw error;
  }
}
