/** Why a directory cannot be watched. */
export type WatchFailureKind =
  /** The user's watches are used up. */
  | "watch-limit"
  /** The user's watchers are used up. */
  | "watcher-limit"
  /** There is no watcher for this system. */
  | "unavailable"
  | "other";

/** A directory cannot be watched, or not any more. */
export class WatchFailure extends Error {
  override readonly name = "WatchFailure";
  readonly kind: WatchFailureKind;

  constructor(kind: WatchFailureKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}

/** The watcher says only in words what is wrong. */
export function toWatchFailure(error: unknown): WatchFailure {
  if (error instanceof WatchFailure) return error;
  const message = error instanceof Error ? error.message : String(error);
  if (/No space left on device|ENOSPC/u.test(message))
    return new WatchFailure("watch-limit", message, { cause: error });
  if (/Too many open files|EMFILE|ENFILE/u.test(message)) {
    return new WatchFailure("watcher-limit", message, { cause: error });
  }
  return new WatchFailure("other", message, { cause: error });
}

/** For the user: what follows, and what can be done. @param everyMs how often the directory is looked through instead */
export function describeWatchFailure(failure: WatchFailure, gamesDir: string, everyMs: number): string {
  const what = `changes in ${gamesDir} are noticed every ${everyMs / 1000} s only: `;
  switch (failure.kind) {
    case "watch-limit":
      return `${what}this computer allows no more inotify watches. Allow more: sudo sysctl fs.inotify.max_user_watches=524288`;
    case "watcher-limit":
      return `${what}this computer allows no more inotify instances. Allow more: sudo sysctl fs.inotify.max_user_instances=1024`;
    case "unavailable":
      return `${what}the watcher of this system (@parcel/watcher) is not installed. Install the program again, with its optional packages`;
    case "other":
      return `${what}it cannot be watched (${failure.message})`;
  }
}
