import { join } from "node:path";
import { type GameId, pieceSizeFor } from "@lanspread/proto";
import { isAbortError, PeerError } from "../errors/index.ts";
import type { Logger } from "../logger.ts";
import { MAX_HASH_ATTEMPTS } from "./constants.ts";
import type { IndexEntry } from "./entry.ts";
import type { PieceHasher } from "./piece-hasher.ts";

export interface HashQueueOptions {
  readonly hasher: PieceHasher;
  readonly logger: Logger;
  /** The pieces of an entry are hashed. */
  readonly onDone: (entry: IndexEntry, digests: Uint8Array) => Promise<void>;
  /** A file is not what the entry says: the game wants to be walked again. */
  readonly onChanged: (id: GameId) => Promise<void>;
}

/** Which games are to be hashed, in the order in which they were found; one at a time. */
export interface HashQueue {
  /** A newer entry of the same game takes the older one's place. */
  add(gamesDir: string, entry: IndexEntry): void;
  /** Forgets a game, and stops if it is being hashed. */
  drop(id: GameId): void;
  /** Lets a game that kept changing be tried again. */
  forgive(id: GameId): void;
  /** The game that is being hashed. */
  current(): GameId | null;
  /** Resolves when nothing is to be done or being done. */
  idle(): Promise<void>;
  close(): Promise<void>;
}

interface Job {
  readonly gamesDir: string;
  readonly entry: IndexEntry;
  readonly abort: AbortController;
}

/** Creates a queue over a hasher, which it does not own. */
export function createHashQueue(options: HashQueueOptions): HashQueue {
  const { hasher, logger, onDone, onChanged } = options;
  const waiting = new Map<GameId, Job>();
  /** How often each game changed, or the thread failed, while it was hashed. */
  const attempts = new Map<GameId, number>();
  /** Games that changed and are being looked at. */
  const rescans = new Set<Promise<void>>();
  let current: Job | null = null;
  let running: Promise<void> | null = null;
  let closed = false;

  const mayTryAgain = (id: GameId): boolean => {
    const times = (attempts.get(id) ?? 0) + 1;
    attempts.set(id, times);
    return times < MAX_HASH_ATTEMPTS;
  };

  const work = async (job: Job): Promise<void> => {
    const { entry, gamesDir, abort } = job;
    const outcome = await hasher.hash(
      { root: join(gamesDir, entry.id), files: entry.files, pieceSize: pieceSizeFor(entry.files) },
      { signal: abort.signal },
    );
    if (abort.signal.aborted) return;
    if (outcome.status === "done") {
      attempts.delete(entry.id);
      await onDone(entry, outcome.digests);
      return;
    }
    if (mayTryAgain(entry.id)) {
      // The rescan may put the game into the queue again, and must not wait for this queue.
      const rescan = onChanged(entry.id)
        .catch((error: unknown) => {
          if (!isCancelled(error))
            logger.warn("a changed game could not be looked at", { gameId: entry.id, error });
        })
        .finally(() => rescans.delete(rescan));
      rescans.add(rescan);
    } else {
      logger.warn("a game keeps changing: it is hashed after its next rescan", {
        gameId: entry.id,
        path: outcome.path,
      });
    }
  };

  const drain = async (): Promise<void> => {
    for (const [id, job] of waiting) {
      if (closed) return;
      waiting.delete(id);
      current = job;
      try {
        await work(job);
      } catch (error) {
        if (isCancelled(error)) continue;
        logger.warn("a game could not be hashed", { gameId: id, error });
        // The thread has failed, and no disk: the next one may do better.
        const isFault = error instanceof PeerError && error.code === "internal";
        if (isFault && mayTryAgain(id) && !waiting.has(id)) waiting.set(id, job);
      } finally {
        current = null;
      }
    }
  };

  const drop = (id: GameId): void => {
    waiting.delete(id);
    if (current?.entry.id === id) current.abort.abort();
  };

  const start = (): void => {
    if (closed || running !== null) return;
    running = drain().finally(() => {
      running = null;
      if (waiting.size > 0) start();
    });
  };

  return {
    add: (gamesDir, entry) => {
      if (closed || (current?.entry === entry && !current.abort.signal.aborted)) return;
      if ((attempts.get(entry.id) ?? 0) >= MAX_HASH_ATTEMPTS) return;
      drop(entry.id);
      waiting.set(entry.id, { gamesDir, entry, abort: new AbortController() });
      start();
    },
    drop,
    forgive: (id) => {
      attempts.delete(id);
    },
    current: () => current?.entry.id ?? null,
    idle: async () => {
      while (running !== null || rescans.size > 0) await Promise.all([running, ...rescans]);
    },
    close: async () => {
      closed = true;
      waiting.clear();
      current?.abort.abort();
      await Promise.all([running, ...rescans]);
    },
  };
}

function isCancelled(error: unknown): boolean {
  return isAbortError(error) || (error instanceof PeerError && error.code === "cancelled");
}
