import { access, constants, stat } from "node:fs/promises";
import type { GameId } from "@lanspread/proto";
import type { Logger } from "../logger.ts";
import type { Clock } from "../peers/index.ts";
import {
  DIRECTORY_CHECK_MS,
  FALLBACK_SCAN_MS,
  RELIST_DELAY_MS,
  STOPPED_MS,
  UNREAD_RETRY_FIRST_MS,
  UNWATCHED_SCAN_MS,
  WATCH_HELD_MS,
  WATCH_LIMIT_RETRY_LONGEST_MS,
  WATCH_RETRY_FIRST_MS,
  WATCH_RETRY_LONGEST_MS,
} from "./constants.ts";
import { directoryIdentity } from "./directory-identity.ts";
import { type WatchDirectory, type WatchedEvent, watchDirectory } from "./directory-watch.ts";
import { GamesWatch } from "./games-watch.ts";
import { RootLooks } from "./root-looks.ts";
import { listRoots } from "./roots.ts";
import type { Library } from "./types.ts";
import { describeWatchFailure, toWatchFailure, type WatchFailure } from "./watch-failure.ts";
import { newsOf } from "./watch-rules.ts";

export interface LibraryMonitorOptions {
  readonly library: Pick<
    Library,
    "state" | "snapshot" | "rescan" | "rescanAll" | "relist" | "setWatchWarning" | "onChange"
  >;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Default: the watcher of this system. */
  readonly watchDirectory?: WatchDirectory;
}

/**
 * Keeps a library true to its disk: watches the games directory, looks at the roots that something happens in, and now and
 * then at all of them. The library has been started.
 *
 * Resolves when the signal has aborted and nothing is watched any more; rejects when the library fails.
 */
export async function monitorLibrary(options: LibraryMonitorOptions, signal: AbortSignal): Promise<void> {
  await new LibraryMonitor(options, signal).run();
}

const NEVER = Number.POSITIVE_INFINITY;
const AT_ONCE = Number.NEGATIVE_INFINITY;

/** A games directory. Another directory at the same path is another place. */
interface Place {
  readonly gamesDir: string;
  /** Null where there is no directory that may be read. */
  readonly identity: string | null;
}

/** One loop that does what is due and sleeps; everything else only changes what is due, and wakes it. */
class LibraryMonitor {
  readonly #options: LibraryMonitorOptions;
  readonly #signal: AbortSignal;
  readonly #looks: RootLooks;
  #place: Place | null = null;
  #watch: GamesWatch | null = null;
  /** Two watches of one directory at a time would share a picture of its tree. */
  #closed: Promise<unknown> = Promise.resolve();
  #watchedSince = 0;
  /** Watches that failed in a row. */
  #failures = 0;
  /** Roots that are watched, or about to be; null where the next scan says so. */
  #seen: Set<GameId> | null = null;
  /** A watch has failed: what happened below the roots' first level since then is known to nobody. */
  #isBlind = false;
  #checkAt = AT_ONCE;
  #watchAt = AT_ONCE;
  #scanAt = AT_ONCE;
  #relistAt = NEVER;
  /** Before that, what could not be read is not looked at again. */
  #readAt = AT_ONCE;
  #unreadPauseMs = UNREAD_RETRY_FIRST_MS;
  #scanning: Promise<void> | null = null;
  #fault: { readonly error: unknown } | null = null;
  #isAwake = true;
  #wakeUp: () => void = () => {};

  constructor(options: LibraryMonitorOptions, signal: AbortSignal) {
    this.#options = options;
    this.#signal = signal;
    this.#looks = new RootLooks({
      clock: options.clock,
      look: async (id, walk) => {
        await options.library.rescan(id, { walk });
        return options.library.snapshot().games.some((game) => game.id === id);
      },
      refresh: async (id) => this.#watch?.refreshRoot(id),
      wake: this.#wake,
      onFailure: this.#onFault,
    });
  }

  async run(): Promise<void> {
    const { library } = this.#options;
    const unsubscribe = library.onChange(() => {
      if (library.state().gamesDir === this.#place?.gamesDir) return;
      this.#checkAt = AT_ONCE;
      this.#wake();
    });
    this.#signal.addEventListener("abort", this.#wake);
    try {
      while (!this.#signal.aborted) {
        this.#isAwake = false;
        await this.#doWhatIsDue();
        if (this.#fault !== null) throw this.#fault.error;
        await this.#sleep();
      }
    } finally {
      this.#signal.removeEventListener("abort", this.#wake);
      unsubscribe();
      await this.#closeWatch();
      await Promise.all([this.#looks.idle(), this.#scanning]);
    }
  }

  async #doWhatIsDue(): Promise<void> {
    const { clock } = this.#options;
    if (this.#checkAt <= clock.now()) await this.#check();
    const isThere = this.#place?.identity !== null;
    if (this.#watch === null && isThere && this.#watchAt <= clock.now()) await this.#open();
    if (this.#signal.aborted) return;
    if (Math.min(this.#scanAt, this.#relistAt) <= clock.now() && this.#scanning === null) {
      this.#scanning = this.#scan()
        .catch(this.#onFault)
        .finally(() => {
          this.#scanning = null;
          this.#wake();
        });
    }
    this.#looks.start();
  }

  async #sleep(): Promise<void> {
    if (this.#isAwake || this.#signal.aborted) return;
    const { clock } = this.#options;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wakeUp = resolve;
    const isThere = this.#place?.identity !== null;
    const due = Math.min(
      this.#checkAt,
      this.#watch === null && isThere ? this.#watchAt : NEVER,
      this.#scanning === null ? Math.min(this.#scanAt, this.#relistAt) : NEVER,
      this.#looks.dueAt(),
    );
    const now = clock.now();
    const until = Math.max(due, now);
    const timer = clock.setTimeout(resolve, until - now);
    await promise;
    clock.clearTimeout(timer);
    if (clock.now() - until > STOPPED_MS) this.#scanAt = AT_ONCE;
  }

  readonly #wake = (): void => {
    this.#isAwake = true;
    this.#wakeUp();
  };

  readonly #onFault = (error: unknown): void => {
    this.#fault ??= { error };
    this.#wake();
  };

  /** Finds out whether the games directory is another one by now, gone, or back. */
  async #check(): Promise<void> {
    const { clock, library } = this.#options;
    this.#checkAt = clock.now() + DIRECTORY_CHECK_MS;
    const { gamesDir, isAnnounced, isRead } = library.state();
    if (!isAnnounced || this.#isTimeToRead(isRead)) this.#relistAt = AT_ONCE;
    const identity = await identityOf(gamesDir);
    if (this.#place?.gamesDir === gamesDir && this.#place.identity === identity) {
      // The last look found otherwise: what was in its way may be gone, or it came and went between two checks.
      if ((identity === null) === (library.state().problem === null)) this.#scanAt = AT_ONCE;
      return;
    }
    this.#place = { gamesDir, identity };
    await this.#closeWatch();
    this.#failures = 0;
    this.#watchAt = AT_ONCE;
    this.#scanAt = AT_ONCE;
  }

  /** No event tells that what could not be read can be now: the disk had a bad moment, or the thread that reads. */
  #isTimeToRead(isRead: boolean): boolean {
    const now = this.#options.clock.now();
    if (isRead) {
      this.#readAt = AT_ONCE;
      this.#unreadPauseMs = UNREAD_RETRY_FIRST_MS;
    }
    if (isRead || this.#readAt > now) return false;
    this.#readAt = now + this.#unreadPauseMs;
    this.#unreadPauseMs = Math.min(this.#unreadPauseMs * 2, UNWATCHED_SCAN_MS);
    return true;
  }

  async #open(): Promise<void> {
    const { clock, library, watchDirectory: watch = watchDirectory } = this.#options;
    await this.#closed;
    const { gamesDir } = library.state();
    try {
      let early: WatchFailure | null = null;
      const opened = await GamesWatch.open({
        gamesDir,
        watchDirectory: watch,
        onEvents: this.#onEvents,
        onFailure: (failure) => {
          early = failure;
          if (this.#watch === opened) void this.#lost(failure).catch(this.#onFault);
        },
      });
      this.#watch = opened;
      if (early !== null) throw early;
    } catch (error) {
      await this.#lost(toWatchFailure(error));
      return;
    }
    this.#watchedSince = clock.now();
    this.#watchAt = AT_ONCE;
    // What happened before is reported by nobody.
    this.#scanAt = AT_ONCE;
    await library.setWatchWarning(null);
  }

  /** Nothing is reported any more: everything is looked at more often, until a watch can be taken again. */
  async #lost(failure: WatchFailure): Promise<void> {
    const { clock, library, logger } = this.#options;
    const now = clock.now();
    if (this.#watch !== null && now - this.#watchedSince >= WATCH_HELD_MS) this.#failures = 0;
    if (this.#watch !== null) this.#isBlind = true;
    this.#failures += 1;
    this.#watchAt = now + retryAfterMs(failure, this.#failures);
    this.#scanAt = AT_ONCE;
    // What is gone cannot be watched, and is said to be gone.
    this.#checkAt = AT_ONCE;
    await this.#closeWatch();
    this.#wake();
    const { gamesDir } = library.state();
    const { kind, message } = failure;
    logger.warn("the games directory is not watched", { gamesDir, kind, message, failures: this.#failures });
    // Once may be bad luck: a file that vanished while the watch was being taken.
    if (kind === "other" && this.#failures === 1) return;
    await library.setWatchWarning(describeWatchFailure(failure, gamesDir, UNWATCHED_SCAN_MS));
  }

  async #closeWatch(): Promise<void> {
    const watch = this.#watch;
    this.#watch = null;
    this.#seen = null;
    if (watch !== null) this.#closed = Promise.all([this.#closed, watch.close()]);
    await this.#closed;
  }

  readonly #onEvents = (events: readonly WatchedEvent[]): void => {
    const news = newsOf(events);
    for (const [id, root] of news.roots) {
      this.#seen?.add(id);
      this.#looks.note(id, root);
    }
    if (news.gamesDirectory) this.#checkAt = AT_ONCE;
    // Whatever is at its path, even if it looks the same: it is not what is watched.
    if (news.isGone) this.#place = null;
    if (news.gamesDirectory || news.children) {
      this.#relistAt = Math.min(this.#relistAt, this.#options.clock.now() + RELIST_DELAY_MS);
      this.#wake();
    }
  };

  async #scan(): Promise<void> {
    const { clock, library } = this.#options;
    const now = clock.now();
    this.#relistAt = NEVER;
    if (this.#scanAt > now) {
      await library.relist();
      return;
    }
    this.#scanAt = now + (this.#watch === null ? UNWATCHED_SCAN_MS : FALLBACK_SCAN_MS);
    await this.#noteUnseen();
    const walk = this.#isBlind && this.#watch !== null;
    if (walk) this.#isBlind = false;
    await library.rescanAll({ walk });
  }

  /** A root that nobody reported is not watched either: the watcher tells nobody when it reaches a limit. */
  async #noteUnseen(): Promise<void> {
    const watch = this.#watch;
    if (watch === null) return;
    const roots = await listRoots(this.#options.library.state().gamesDir).catch(() => null);
    if (roots === null || this.#watch !== watch) return;
    const seen = this.#seen;
    this.#seen = new Set(roots.ids);
    if (seen === null) return;
    for (const id of roots.ids) {
      if (!seen.has(id)) this.#looks.note(id, { walk: true, urgent: true, fresh: true, events: 1 });
    }
  }
}

function retryAfterMs({ kind }: WatchFailure, failures: number): number {
  if (kind === "unavailable") return NEVER;
  const pause = WATCH_RETRY_FIRST_MS * 2 ** (failures - 1);
  if (kind === "other") return Math.min(pause, WATCH_RETRY_LONGEST_MS);
  return Math.min(Math.max(pause, UNWATCHED_SCAN_MS), WATCH_LIMIT_RETRY_LONGEST_MS);
}

/** What tells a directory from another one at the same path; null where there is none, or none that may be read. */
async function identityOf(gamesDir: string): Promise<string | null> {
  try {
    const stats = await stat(gamesDir, { bigint: true });
    await access(gamesDir, constants.R_OK | constants.X_OK);
    return stats.isDirectory() ? directoryIdentity(stats) : null;
  } catch {
    return null;
  }
}
