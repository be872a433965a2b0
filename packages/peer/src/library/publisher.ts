import type { GameSummary, LibrarySnapshot } from "@lanspread/proto";
import { digestOfSnapshot, type IndexStore, type Revision } from "./index-store.ts";

export interface PublisherOptions {
  readonly store: IndexStore;
  /** What is to be announced now. */
  readonly announce: () => GameSummary[];
  /** Called after each attempt that has not failed: whether the snapshot that is announced is another one now. */
  readonly onPublished: (changed: boolean) => void;
}

/** A revision stands for its games: before they are known, theirs is not announced. */
const NOTHING: LibrarySnapshot = { library_rev: 0, games: [] };

/** Owns the library's revision: one writer, one revision per published change. */
export interface Publisher {
  /** What was published last by this run; nothing, at revision 0, before the first time. */
  snapshot(): LibrarySnapshot;
  /** Takes over the revision of the last run. */
  open(): Promise<void>;
  /**
   * Publishes what is to be announced, if it differs from what was: the revision is written first, then it counts.
   * Calls that come while one is under way share the next one, so a burst of changes makes one revision.
   *
   * @throws PeerError when the revision cannot be written; what was published stays.
   */
  publish(): Promise<void>;
  /** Resolves when nothing is being published. */
  idle(): Promise<void>;
}

export function createPublisher(options: PublisherOptions): Publisher {
  const { store, announce, onPublished } = options;
  let published: LibrarySnapshot | null = null;
  /** What was published last, also by the run before. */
  let written: Revision = { libraryRev: 0, snapshot: "" };
  let last: Promise<void> = Promise.resolve();
  let queued: Promise<void> | null = null;

  const publishNow = async (): Promise<void> => {
    queued = null;
    const games = announce();
    const digestNow = digestOfSnapshot(games);
    if (digestNow === written.snapshot) {
      // After a restart the digest is known before the games are: who was told of none is told now.
      const isFirst = published === null;
      published = { library_rev: written.libraryRev, games };
      onPublished(isFirst);
      return;
    }
    const next = { libraryRev: written.libraryRev + 1, snapshot: digestNow };
    await store.saveRevision(next);
    published = { library_rev: next.libraryRev, games };
    written = next;
    onPublished(true);
  };

  return {
    snapshot: () => published ?? NOTHING,
    open: async () => {
      written = await store.loadRevision();
    },
    publish: () => {
      queued ??= last.then(publishNow);
      last = queued.catch(() => {});
      return queued;
    },
    idle: () => last,
  };
}
