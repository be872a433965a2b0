import type { GameId, GameVersion, Hash, Manifest, PeerId, PieceIndex } from "@lanspread/proto";
import type { TlsOptions } from "@lanspread/quic";
import type { FileToMake, FoundFile, MadeFiles, WantedFile } from "../download/index.ts";
import type { LogFields, LogLevel } from "../logger.ts";
import type { SentOfGame, WorkUnit } from "../transfer/index.ts";
import type { UnitFailure } from "./unit-failure.ts";

/** What a lane's thread is started with. */
export interface LaneStart {
  /** Address to bind to. */
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly tls: TlsOptions;
}

/** Where a source can be asked. */
export interface LaneAddress {
  readonly peerId: PeerId;
  readonly host: string;
  readonly port: number;
}

/** A piece of a unit. Offset and length in bytes, in the unit's file. */
export interface OrderedPiece {
  readonly index: PieceIndex;
  readonly fileIndex: number;
  readonly offset: number;
  readonly length: number;
  /** Null where nobody knows it: then whatever comes is right. */
  readonly digest: Uint8Array | null;
}

/** A unit that a lane is to fetch. */
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
  readonly pieces: readonly OrderedPiece[];
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

/** What the main thread tells a lane. */
export type ToLane =
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

/** What a lane tells the main thread. */
export type FromLane =
  | { readonly type: "ready"; readonly port: number }
  /** This machine can have no lane: another start would end as this one. */
  | { readonly type: "unavailable"; readonly why: string }
  /** Bytes that have come since the last time, right or wrong, by fetch. */
  | { readonly type: "bytes"; readonly counts: readonly (readonly [id: number, bytes: number])[] }
  | { readonly type: "piece"; readonly id: number; readonly index: PieceIndex; readonly digest: Uint8Array }
  | { readonly type: "wrong"; readonly id: number; readonly index: PieceIndex }
  /** Nothing of the fetch is under way any more. */
  | { readonly type: "ended"; readonly id: number; readonly failure: UnitFailure | null }
  | { readonly type: "closed"; readonly download: number }
  | { readonly type: "flushed"; readonly question: number; readonly failure: UnitFailure | null }
  | { readonly type: "made"; readonly question: number; readonly made: ToldMadeFiles }
  | { readonly type: "found"; readonly question: number; readonly found: ToldFoundFiles }
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
