import type { GameId, GameVersion, Hash, PeerId } from "../ids.ts";
import type { Availability } from "../library.ts";

/** What an operation does with a game; at most one per game at a time. */
export const OPERATION_KINDS = [
  "downloading",
  "installing",
  "updating",
  "uninstalling",
  "removing",
  "stream-installing",
] as const;
export type OperationKind = (typeof OPERATION_KINDS)[number];

export interface ActiveOperation {
  readonly gameId: GameId;
  readonly kind: OperationKind;
}

/** One game of the joint library: the own disk and the peers merged, each id once. */
export interface ListedGame {
  readonly id: GameId;
  readonly name: string;
  /** Newest version that can be had, here or from a peer; null where no readable version is known. */
  readonly version: GameVersion | null;
  /** Bytes of all files of the game root without `local/`. */
  readonly size: number;
  readonly downloaded: boolean;
  readonly installed: boolean;
  /** Version on the own disk. */
  readonly localVersion: GameVersion | null;
  /** Of the own copy; null where there is none. */
  readonly availability: Availability | null;
  /** Peers that can serve it now. */
  readonly peerCount: number;
  readonly operation: OperationKind | null;
}

/** A game of the own disk. */
export interface LocalGame {
  readonly id: GameId;
  /** Null unless downloaded. */
  readonly version: GameVersion | null;
  /** Bytes of the payload; 0 unless downloaded. */
  readonly size: number;
  readonly downloaded: boolean;
  readonly installed: boolean;
  readonly availability: Availability;
  readonly manifestHash: Hash | null;
  readonly contentId: Hash | null;
  /** What the user should know, each naming the file it is about. */
  readonly warnings: readonly string[];
}

export interface ListedPeer {
  readonly peerId: PeerId;
  readonly name: string;
  /** Listener, "ip:port". */
  readonly addr: string;
  readonly libraryRev: number;
  readonly gameCount: number;
}

/** Somebody who was met and cannot join. */
export interface IncompatiblePeer {
  readonly peerId: PeerId;
  /** Where it was met, "ip:port". */
  readonly addr: string;
  readonly reason: string;
}

/** What is being sent of one game to one peer. */
export interface OutboundRate {
  readonly peerId: PeerId;
  readonly gameId: GameId;
  /** Over the last seconds; 0 where nothing moves at the moment. */
  readonly bytesPerSecond: number;
}

export interface StatusData {
  readonly peerId: PeerId;
  readonly name: string;
  readonly party: string;
  /** Listener, "ip:port". */
  readonly addr: string;
  /** UDP ports of the lanes. */
  readonly lanes: readonly number[];
  readonly gamesDir: string;
  readonly libraryRev: number;
  readonly operations: readonly ActiveOperation[];
  /** Transfers going out, per game id; a game without any is left out. */
  readonly outboundTransfers: Readonly<Record<string, number>>;
  readonly rssBytes: number;
}
