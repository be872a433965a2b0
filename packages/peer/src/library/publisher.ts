import type { GameSummary, LibrarySnapshot } from "@lanspread/proto";
import { digestOfSnapshot, type IndexStore } from "./index-store.ts";

export interface PublisherOptions {
  readonly store: IndexStore;
  /** What is to be announced now. */
  readonly announce: () => GameSummary[];
  /** Called after each attempt, with the snapshot that is announced now. */
  readonly onPublished: (changed: boolean) => void;
}

/** Owns the library's revision: one writer, one revision per published change. */
export interface Publisher {
  /** What was published last. */
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
  let published: LibrarySnapshot = { library_rev: 0, games: [] };
  let digest = "";
  let last: Promise<void> = Promise.resolve();
  let next: Promise<void> | null = null;

  const publishNow = async (): Promise<void> => {
    next = null;
    const games = announce();
    const digestNow = digestOfSnapshot(games);
    if (digestNow === digest) {
      // After a restart the digest is known before the games are.
      published = { library_rev: published.library_rev, games };
      onPublished(false);
      return;
    }
    const libraryRev = published.library_rev + 1;
    try {
      await store.saveRevision({ libraryRev, snapshot: digestNow });
    } catch (error) {
      onPublished(false);
      throw error;
    }
    published = { library_rev: libraryRev, games };
    digest = digestNow;
    onPublished(true);
  };

  return {
    snapshot: () => published,
    open: async () => {
      const revision = await store.loadRevision();
      published = { library_rev: revision.libraryRev, games: [] };
      digest = revision.snapshot;
    },
    publish: () => {
      next ??= last.then(publishNow);
      last = next.catch(() => {});
      return next;
    },
    idle: () => last,
  };
}
