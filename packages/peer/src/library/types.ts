import type { GameId, Hash, LibrarySnapshot, LocalGame, Manifest } from "@lanspread/proto";
import type { Catalog } from "../catalog/index.ts";
import type { PeerError } from "../errors/index.ts";
import type { Logger } from "../logger.ts";
import type { StateDir } from "../storage/index.ts";
import type { RecoverGamesDir } from "./settled-roots.ts";
import type { WalkedFile } from "./walk.ts";

export interface LibraryOptions {
  readonly gamesDir: string;
  readonly stateDir: StateDir;
  readonly catalog: Catalog;
  /** Whether an operation is active on a game, at this moment. */
  readonly isBusy: (id: GameId) => boolean;
  /**
   * Puts right what was interrupted in a games directory. Called before anything in it is looked at: at the first time, when
   * it is there again, and when it is another one. What it throws is the directory's problem, until a later scan succeeds.
   */
  readonly recover?: RecoverGamesDir;
  readonly logger?: Logger;
  /** Ends everything that runs; {@link Library.close} is still to be called. */
  readonly signal?: AbortSignal;
}

/** What changed; at least one of the two is true. */
export interface LibraryChangeEvent {
  /** {@link Library.snapshot} is a new one, under a new revision: tell other peers. */
  readonly snapshotChanged: boolean;
  /** {@link Library.localGames} changed: tell the user. */
  readonly localChanged: boolean;
}

export interface LibraryState {
  readonly gamesDir: string;
  /** Why the games directory cannot be used; null when it can. The library is empty meanwhile. */
  readonly problem: PeerError | null;
  /** What the user should know about the games directory as a whole. */
  readonly warnings: readonly string[];
  /** Times that a game root was looked at: one directory listing and the state of a few files each. */
  readonly looks: number;
  /** Times that the whole payload of a game root was listed. */
  readonly walks: number;
  /** The game whose pieces are being hashed. */
  readonly hashing: GameId | null;
  /** Whether others are told of changes: not while the revision cannot be written. {@link Library.relist} tries again. */
  readonly isAnnounced: boolean;
  /** Whether every root was read when it was looked at last. {@link Library.relist} looks at the others again. */
  readonly isRead: boolean;
}

/** The manifest of a game that may be served, and its digests as soon as they are computed. */
export interface ServableGame {
  readonly manifest: Manifest;
  /** 32 bytes per piece, in manifest order. */
  readonly digests: Uint8Array | null;
}

/** What somebody knows of a game whose bytes went by. */
export interface KnownContent {
  readonly manifestHash: Hash;
  /** 32 bytes per piece, in manifest order; every one verified against bytes that are flushed. */
  readonly digests: Uint8Array;
  /** Files as they lay on the disk a moment ago, by path. Default: none. */
  readonly seen?: ReadonlyMap<WalkedFile["path"], WalkedFile>;
}

/**
 * The games on the own disk: scanned, indexed, hashed, and announced under a revision that only grows.
 *
 * Around an operation: when it has taken the game's slot (`isBusy` says true from then on) call {@link hold}; when all
 * its changes are on disk, and before it leaves the slot, call {@link release}. In between the game is left out of the
 * snapshot, and every rescan of it is dropped.
 */
export interface Library {
  /**
   * Finds out whether the games directory can be used, and has it recovered where it is new. Every scan begins with it; alone it
   * is for who has to know before the first one. What is wrong is a {@link state}, no failure.
   */
  settle(): Promise<void>;
  /** Scans the games directory and publishes. A games directory that cannot be used is a {@link state}, no failure. */
  start(): Promise<void>;
  /** What is announced to other peers. */
  snapshot(): LibrarySnapshot;
  /** The games of the own disk, by id. */
  localGames(): readonly LocalGame[];
  state(): LibraryState;
  /** Undefined for what is not served: not there, not downloaded, busy, refused, of another version, outside the catalog. */
  manifestOf(id: GameId): ServableGame | undefined;
  /** The digests of a game that may be served; null until they are computed. */
  pieceDigests(id: GameId): Uint8Array | null;
  /** An operation has begun on a game: it leaves the snapshot. Resolves when that is published. */
  hold(id: GameId): Promise<void>;
  /**
   * An operation has ended its changes to a game: it is looked at, and announced again. Resolves when that is published.
   *
   * @param known spares the game from being read again only to be hashed, and what was seen a moment ago from being looked at again at
   *   once: the next look does that.
   */
  release(id: GameId, known?: KnownContent): Promise<void>;
  /**
   * Looks at one game again and publishes. While the same game is being looked at, that is done once more instead.
   *
   * @param options `walk`: list the payload even if the root looks unchanged, because somebody noticed a change below it.
   * @returns false when an operation is active on the game: nothing was done, the operation looks at the game itself.
   */
  rescan(id: GameId, options?: { readonly walk?: boolean }): Promise<boolean>;
  /**
   * Looks at the games directory and every root in it, and publishes.
   *
   * @param options `walk`: list the payload of the known games even if they look unchanged, because changes below them may
   *   have been missed.
   */
  rescanAll(options?: { readonly walk?: boolean }): Promise<void>;
  /**
   * Lists the games directory again, and publishes: forgets the games whose root is gone, looks at the roots that are
   * new or could not be read last time, and leaves the others alone.
   */
  relist(): Promise<void>;
  /** Says why changes of the games directory are not noticed at once, among the {@link state}'s warnings; null where they are. */
  setWatchWarning(warning: string | null): Promise<void>;
  /**
   * Changes to another games directory, and scans it.
   *
   * @throws PeerError `no-such-directory`, `not-a-directory`, `no-permission`; the old one stays then.
   */
  setGamesDir(dir: string): Promise<void>;
  /** While transfers run the disk is theirs: nothing is hashed. */
  setHashingPaused(paused: boolean): void;
  /** Resolves when nothing is left to be hashed. */
  hashed(): Promise<void>;
  /** @returns a function that ends the subscription. */
  onChange(handler: (event: LibraryChangeEvent) => void): () => void;
  /** Stops all work and waits for its end. */
  close(): Promise<void>;
}
