import type { GameId, PeerId } from "../ids.ts";
import type { Manifest } from "../manifest-schema.ts";
import type { ActiveOperation, ListedGame, ListedPeer, LocalGame, OutboundRate } from "./views.ts";

/** A source that sent wrong bytes too often, or whose answers contradict themselves, and that took no further part. */
export interface StruckOutSource {
  readonly peerId: PeerId;
  /** What it sent last: for people. */
  readonly why: string;
}

/** Accounts of a finished transfer. */
export interface TransferTotals {
  /** Verified bytes, each piece once. */
  readonly bytes: number;
  readonly pieces: number;
  /** Pieces that had to be asked for again. */
  readonly retried: number;
  /** Whole milliseconds. */
  readonly elapsedMs: number;
  /** Received bytes over time, in MiB (2^20 bytes) per second. */
  readonly mibPerS: number;
  /** Bytes per source. */
  readonly sources: Readonly<Record<PeerId, number>>;
  /** Left out where there are none. */
  readonly struckOut?: readonly StruckOutSource[];
}

/** Accounts of a finished streamed install. */
export interface StreamTotals {
  /** Files in `local/`. */
  readonly files: number;
  /** Their bytes. */
  readonly bytes: number;
  /** Sources that did not send the game to its end, so that it was begun anew. */
  readonly retried: number;
  /** Whole milliseconds. */
  readonly elapsedMs: number;
  /** Bytes over time, in MiB (2^20 bytes) per second. */
  readonly mibPerS: number;
  /** Bytes per source. */
  readonly sources: Readonly<Record<PeerId, number>>;
  /** Left out where there are none. */
  readonly struckOut?: readonly StruckOutSource[];
}

interface Game {
  readonly gameId: GameId;
}

/** Why something failed. */
interface Reason {
  /** Code of the error registry. */
  readonly code: string;
  readonly message: string;
  /** What to do about it: of this very failure where something special is known, else what is said of its code. */
  readonly hint?: string;
}

interface Failure extends Game, Reason {}

/** Payload of every event by its name. */
export interface RuntimeEventData {
  "local-peer-ready": { readonly peerId: PeerId; readonly addr: string; readonly lanes: readonly number[] };
  "runtime-failed": Reason;
  "peer-discovered": ListedPeer;
  "peer-updated": ListedPeer;
  "peer-lost": { readonly peerId: PeerId; readonly reason: string };
  "peer-count-updated": { readonly count: number };
  "peer-incompatible": { readonly peerId: PeerId | null; readonly addr: string; readonly reason: string };
  /** It has joined, or is announced no longer. */
  "peer-incompatible-gone": { readonly peerId: PeerId };
  /** The joint library changed. */
  "list-games": { readonly games: readonly ListedGame[] };
  "local-library-changed": {
    readonly libraryRev: number;
    readonly games: readonly LocalGame[];
    /** What the user should know of the games directory as a whole: it is missing, unreadable, empty, cannot be watched. */
    readonly warnings: readonly string[];
  };
  "active-operations-changed": { readonly operations: readonly ActiveOperation[] };
  "got-game-files": Game & { readonly manifest: Manifest; readonly sources: readonly PeerId[] };
  /** Why nobody counts: others may have the game, but not as it is wanted. */
  "no-peers-have-game": Game & Omit<Reason, "code">;
  "download-begin": Game & { readonly totalBytes: number; readonly pieces: number };
  "download-progress": Game & {
    /** Verified bytes, each piece once. */
    readonly doneBytes: number;
    readonly totalBytes: number;
    /** Received bytes per second over the last 5 s. */
    readonly bytesPerSecond: number;
    /** Null while nothing comes, and in the first second in which something does. */
    readonly etaSeconds: number | null;
    /** Sources with units in flight. */
    readonly sources: number;
    /**
     * Received bytes per second over the last 5 s of each source that has delivered anything. For hosts that run the peer
     * themselves: the lines of the harness and of the control socket do not have it.
     */
    readonly rates?: Readonly<Record<PeerId, number>>;
  };
  "download-chunk-finished": Game & {
    readonly peerId: PeerId;
    readonly path: string;
    readonly offset: number;
    readonly length: number;
    readonly pieces: number;
  };
  "download-finished": Game & TransferTotals;
  "download-failed": Failure;
  "download-cancelled": Game;
  "download-peers-gone": Game & Omit<Reason, "code">;
  /** Of an install and of a streamed one. */
  "install-progress": Game & {
    readonly phase: string;
    readonly doneBytes: number;
    /** 0 while it is not known. */
    readonly totalBytes: number;
    /** Over the last 5 s; null in the first second of a phase, and at its end. */
    readonly bytesPerSecond: number | null;
    readonly etaSeconds: number | null;
    /** The same by the source, where a streamed install comes from one. For hosts that run the peer themselves, as of a download. */
    readonly rates?: Readonly<Record<PeerId, number>>;
  };
  "install-finished": Game & {
    readonly files: number;
    readonly bytes: number;
    /** Whole milliseconds. */
    readonly elapsedMs: number;
  };
  "install-failed": Failure;
  "uninstall-finished": Game;
  "uninstall-failed": Failure;
  "stream-install-finished": Game & StreamTotals;
  "stream-install-failed": Failure;
  "remove-progress": Game & {
    /** Files and links that were deleted. */
    readonly doneFiles: number;
    readonly totalFiles: number;
    /** Their bytes. */
    readonly doneBytes: number;
    readonly totalBytes: number;
  };
  "remove-finished": Game & {
    /** Files and links that were deleted, `version.ini` not counted. */
    readonly files: number;
    /** Their bytes. */
    readonly bytes: number;
    /** Files and directories that could not be deleted yet: the next start tries again. */
    readonly left: number;
  };
  "remove-failed": Failure;
  /** Everything that is being sent, once a second while anything is, and once more when nothing is any more. */
  "outbound-progress": { readonly transfers: readonly OutboundRate[] };
  /**
   * The reader of this stream of events was too slow and missed this many progress events. Nothing else was left out but lists of all
   * games that a newer one made old.
   */
  "progress-missed": { readonly count: number };
}

export type RuntimeEventType = keyof RuntimeEventData;
/** An event of the runtime: its name in `type`, its payload beside it. */
export type RuntimeEvent = {
  [Type in RuntimeEventType]: { readonly type: Type } & RuntimeEventData[Type];
}[RuntimeEventType];
export type RuntimeEventOf<Type extends RuntimeEventType> = Extract<RuntimeEvent, { readonly type: Type }>;

/** Names of all events; `satisfies` keeps the list complete. */
export const RUNTIME_EVENT_TYPES = Object.keys({
  "local-peer-ready": 0,
  "runtime-failed": 0,
  "peer-discovered": 0,
  "peer-updated": 0,
  "peer-lost": 0,
  "peer-count-updated": 0,
  "peer-incompatible": 0,
  "peer-incompatible-gone": 0,
  "list-games": 0,
  "local-library-changed": 0,
  "active-operations-changed": 0,
  "got-game-files": 0,
  "no-peers-have-game": 0,
  "download-begin": 0,
  "download-progress": 0,
  "download-chunk-finished": 0,
  "download-finished": 0,
  "download-failed": 0,
  "download-cancelled": 0,
  "download-peers-gone": 0,
  "install-progress": 0,
  "install-finished": 0,
  "install-failed": 0,
  "uninstall-finished": 0,
  "uninstall-failed": 0,
  "stream-install-finished": 0,
  "stream-install-failed": 0,
  "remove-progress": 0,
  "remove-finished": 0,
  "remove-failed": 0,
  "outbound-progress": 0,
  "progress-missed": 0,
} satisfies Record<RuntimeEventType, 0>) as readonly RuntimeEventType[];

/** Events of nothing but figures, which the next one says again: of these some may be left out for who reads slowly. */
export const PROGRESS_EVENT_TYPES: ReadonlySet<RuntimeEventType> = new Set([
  "download-progress",
  "download-chunk-finished",
  "install-progress",
  "remove-progress",
  "outbound-progress",
] as const);
