import type { GameId, GameVersion, Hash, Manifest, PeerId, PieceIndex } from "@lanspread/proto";
import type { ReceivedDatagram, TlsOptions } from "@lanspread/quic";
import type {
  FileToMake,
  FoundFile,
  MadeFiles,
  OwnFile,
  RemovedFiles,
  WantedFile,
} from "../download/index.ts";
import type { LogFields, LogLevel } from "../logger.ts";
import type { SentOfGame, WorkUnit } from "../transfer/index.ts";
import type { UnitFailure } from "./unit-failure.ts";

/** What a lane's thread is started with. */
export interface LaneStart {
  /** Address to bind to. */
  readonly host: string;
  readonly tls: TlsOptions;
}

/** Where a lane is to listen. */
export interface ListenOrder {
  /** 0 takes a free one. */
  readonly port: number;
  /** What has come to the port before. */
  readonly received: readonly ReceivedDatagram[];
}

/** Where a source can be asked. */
export interface LaneAddress {
  readonly peerId: PeerId;
  readonly host: string;
  readonly port: number;
}

/** A unit that a lane is to fetch. Of small files there is one for each: what it holds is as little as possible. */
export interface FetchOrder {
  readonly id: number;
  /** Whose files are kept open together. */
  readonly download: number;
  /** Absolute path of the game root. */
  readonly root: string;
  readonly source: LaneAddress;
  readonly gameId: GameId;
  readonly manifestHash: Hash;
  readonly unit: WorkUnit;
  /** Which file on the disk the unit's is; null where nobody knows. */
  readonly identity: string | null;
  /** Length of each of the unit's pieces in bytes; the last one may be shorter. */
  readonly pieceBytes: number;
  /**
   * Digests of the unit's pieces, one behind the other, in base64: memory of its own for a few bytes costs both threads more than all the
   * rest. Null where nobody knows them: then whatever comes is right.
   */
  readonly digests: string | null;
  readonly noProgressMs: number;
}

/** What the serving gate knows of a game, and where its files are. */
export interface PushedView {
  readonly inCatalog: boolean;
  readonly catalogVersion: GameVersion | undefined;
  readonly operationActive: boolean;
  readonly version: GameVersion | null;
  readonly manifest: Manifest | null;
  readonly gamesDir: string;
}

/** What a lane has made, and why no more than that. */
export interface ToldMadeFiles extends Omit<MadeFiles, "error"> {
  readonly failure: UnitFailure | null;
}

/** What a lane has found; nothing where it failed. */
export interface ToldFoundFiles {
  readonly files: readonly FoundFile[];
  readonly failure: UnitFailure | null;
}

/** What a lane has removed, and why no more than that. */
export interface ToldRemovedFiles extends Omit<RemovedFiles, "error"> {
  readonly failure: UnitFailure | null;
}

/** What the main thread tells a lane. */
export type ToLane =
  /** The answer to `loaded`, once. `ready` follows, or the thread ends. */
  | ({ readonly type: "listen" } & ListenOrder)
  | { readonly type: "fetch"; readonly order: FetchOrder }
  /** Ends a fetch; `ended` follows. */
  | { readonly type: "cancel"; readonly id: number }
  /** Closes the files of a download that fetches nothing any more; `closed` follows. */
  | { readonly type: "close"; readonly download: number }
  /** Makes sure that what was written to these files is on the disk; `flushed` follows. */
  | {
      readonly type: "flush";
      readonly question: number;
      /** Absolute path of the game root. */
      readonly root: string;
      readonly paths: readonly string[];
    }
  /** Makes files; `made` follows. */
  | {
      readonly type: "make";
      readonly question: number;
      /** Absolute path of the game root. */
      readonly root: string;
      readonly files: readonly FileToMake[];
    }
  /** Looks at files; `found` follows. */
  | {
      readonly type: "look";
      readonly question: number;
      /** Absolute path of the game root. */
      readonly root: string;
      readonly files: readonly WantedFile[];
    }
  /** Removes files that are not large; `removed` follows. */
  | {
      readonly type: "remove";
      readonly question: number;
      /** Absolute path of the game root. */
      readonly root: string;
      readonly files: readonly OwnFile[];
    }
  | { readonly type: "identity"; readonly question: number; readonly peerId: PeerId | null }
  | {
      readonly type: "view";
      readonly question: number;
      readonly gameId: GameId;
      /** Null where what the lane holds is still so. */
      readonly view: PushedView | null;
    }
  /** What was said of the game, of every game with null, holds no longer: answers about it end, and `revoked` follows when they have. */
  | { readonly type: "revoke"; readonly gameId: GameId | null; readonly id: number }
  /** The peer is gone, or another process is in its place: its connections are over, in both directions. */
  | { readonly type: "drop"; readonly peerId: PeerId }
  | { readonly type: "stop" };

/** What a lane that listens is told. */
export type ToOpenLane = Exclude<ToLane, { type: "listen" | "stop" }>;

/** What a lane tells the main thread. */
export type FromLane =
  /** The thread has read its code. */
  | { readonly type: "loaded" }
  | { readonly type: "ready"; readonly port: number }
  /** This machine can have no lane: another start would end as this one. */
  | { readonly type: "unavailable"; readonly why: string }
  /** Bytes that have come since the last time, right or wrong, by fetch. */
  | { readonly type: "bytes"; readonly counts: readonly (readonly [id: number, bytes: number])[] }
  /** A piece is right, and written. */
  | {
      readonly type: "piece";
      readonly id: number;
      readonly index: PieceIndex;
      /** Null where it is the one that was ordered. */
      readonly digest: Uint8Array | null;
      /** Whether what was written is on the disk already. */
      readonly isFlushed: boolean;
    }
  | { readonly type: "wrong"; readonly id: number; readonly index: PieceIndex }
  /** Nothing of the fetch is under way any more. */
  | { readonly type: "ended"; readonly id: number; readonly failure: UnitFailure | null }
  | { readonly type: "closed"; readonly download: number }
  | { readonly type: "flushed"; readonly question: number; readonly failure: UnitFailure | null }
  | { readonly type: "made"; readonly question: number; readonly made: ToldMadeFiles }
  | { readonly type: "found"; readonly question: number; readonly found: ToldFoundFiles }
  | { readonly type: "removed"; readonly question: number; readonly removed: ToldRemovedFiles }
  /** Who has this certificate (DER)? Asked of who comes in, an answer is also the leave to ask for files. */
  | {
      readonly type: "identify";
      readonly question: number;
      readonly certificate: Uint8Array;
      readonly inbound: boolean;
    }
  | {
      readonly type: "ask-view";
      readonly question: number;
      readonly gameId: GameId;
      /** Of the manifest that the lane holds: told again only where it is another one. Null where it holds none. */
      readonly holds: Hash | null;
    }
  | { readonly type: "revoked"; readonly id: number }
  /** Answers that are under way, by game. */
  | { readonly type: "outbound"; readonly counts: Readonly<Record<GameId, number>> }
  /** Bytes that were sent since the last time. */
  | { readonly type: "sent"; readonly sent: readonly SentOfGame[] }
  /** The disk is not as the manifest says. */
  | { readonly type: "stale"; readonly gameId: GameId }
  | { readonly type: "log"; readonly level: LogLevel; readonly message: string; readonly fields: LogFields };

/** What a lane tells that listens. */
export type FromOpenLane = Exclude<FromLane, { type: "loaded" | "ready" | "unavailable" }>;

/** What small files are ordered by, and looked after: by the thousand. JSON can say it. */
const ORDERS: ReadonlySet<ToLane["type"]> = new Set(["fetch", "cancel", "make", "look", "remove"]);

export function isOrder({ type }: ToLane): boolean {
  return ORDERS.has(type);
}

/** What comes of that. */
const REPORTS: ReadonlySet<FromLane["type"]> = new Set([
  "bytes",
  "piece",
  "ended",
  "made",
  "found",
  "removed",
]);

export function isReport(message: FromLane): boolean {
  return REPORTS.has(message.type) && (message.type !== "piece" || message.digest === null);
}
