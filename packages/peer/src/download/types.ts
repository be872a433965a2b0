import type { GameId, Manifest, PeerId, PieceIndex, StruckOutSource } from "@lanspread/proto";
import type { WalkedFile } from "../library/index.ts";
import type { Logger } from "../logger.ts";
import type { StateDir } from "../storage/index.ts";
import type { FetchUnitOptions, RequestChannel } from "../transfer/index.ts";
import type { FoundFile, WantedFile } from "./file-state.ts";
import type { FileToMake, MadeFiles } from "./make-files.ts";
import type { ProgressSample } from "./progress.ts";
import type { RemovedFiles } from "./remove-files.ts";
import type { OwnFile } from "./safe-path.ts";

/** A peer that has the very content of the download. */
export interface DownloadSource {
  readonly peerId: PeerId;
  readonly channel: RequestChannel;
}

/**
 * A peer offers the content of a running download. Nothing happens where it takes part already, or sent wrong bytes too often.
 *
 * @param options `back`: it did not offer the content for a while, or was gone, so that what failed before counts no longer
 */
export type SourceJoins = (source: DownloadSource, options: { readonly back: boolean }) => void;

/** A unit that a lane is to fetch from a source: see `fetchUnit`. */
export interface LaneUnit
  extends Pick<
    FetchUnitOptions,
    "gameId" | "manifestHash" | "unit" | "pieceAt" | "digestOf" | "onWrongPiece"
  > {
  readonly peerId: PeerId;
  /** Which file on the disk the unit's is, as of `identityOf`; null where nobody knows. */
  readonly identity: string | null;
  readonly signal: AbortSignal;
  readonly noProgressMs: number;
  readonly onBytes: (count: number) => void;
  /**
   * A piece is right, and the file has it.
   *
   * @param isFlushed whether it is on the disk already
   */
  readonly onPiece: (index: PieceIndex, digest: Uint8Array, isFlushed: boolean) => void;
}

/** The lanes as one download sees them. Disposed when nothing of it is under way any more: it closes the files. */
export interface LaneDownload extends AsyncDisposable {
  /**
   * Fetches a unit into its file.
   *
   * @returns false where no lane of the source can be asked at the moment; nothing was done then
   * @throws what `fetchUnit` throws; LaneError. No write is under way any more then.
   */
  fetch(unit: LaneUnit): Promise<boolean>;
  /**
   * Resolves when what was written to these files is on the disk.
   *
   * @param paths relative to the root
   * @returns false where no lane could see to all of them
   * @throws PeerError naming the file
   */
  flush(paths: readonly string[]): Promise<boolean>;
  /** As of `makeFiles`. @returns null where no lane could do it: one that is gone may have made some */
  make(files: readonly FileToMake[]): Promise<MadeFiles | null>;
  /** What is at the paths of files, in their order. @returns null where no lane could look */
  look(files: readonly WantedFile[]): Promise<readonly FoundFile[] | null>;
  /** As of `removeFiles`; large ones stay. @returns null where no lane could do it: one that is gone may have removed some */
  remove(files: readonly OwnFile[]): Promise<RemovedFiles | null>;
}

/** Threads that fetch units past the main one, and make, flush, look at and remove files. */
export interface DownloadLanes {
  /** @param root absolute path of the game root */
  open(root: string): LaneDownload;
}

/** A run of verified pieces of one file. Offset and length in bytes. */
export interface FinishedChunk {
  readonly peerId: PeerId;
  readonly path: string;
  readonly offset: number;
  readonly length: number;
  readonly pieces: number;
}

/**
 * Points of a download at which a crash leaves the disk in another state. What happens between two of them is one
 * change of the disk.
 */
export type DownloadStep =
  | "journal-written"
  | "sentinel-discarded"
  | "old-version-touched"
  | "way-cleared"
  | "files-created"
  | "pieces-flushed"
  | "all-flushed"
  | "old-files-removed"
  | "sentinel-written"
  | "discarded-removed"
  | "journal-removed";

export interface DownloadOptions {
  readonly gameId: GameId;
  /** The game root: the child of {@link gamesDir} that has the game's id. It need not exist. */
  readonly root: string;
  readonly gamesDir: string;
  readonly manifest: Manifest;
  /** 32 bytes per piece; null where no source knows them: then the receiver's own digests are what the result has. */
  readonly digests: Uint8Array | null;
  readonly sources: readonly DownloadSource[];
  /** Tells of peers that have the very content, while the download goes on, until the function that it returns is called. */
  readonly joining?: (join: SourceJoins) => () => void;
  /** What fetches where the sources have lanes, and works on the files in any case. Default: this thread alone. */
  readonly lanes?: DownloadLanes;
  readonly stateDir: StateDir;
  /**
   * Aborted with a PeerError `shutting-down`, the partial download is kept and its journal flushed; with anything else it
   * is removed.
   */
  readonly signal?: AbortSignal;
  readonly logger?: Logger;
  /** Every 500 ms, and once at the beginning and at the end. */
  readonly onProgress?: (sample: ProgressSample) => void;
  readonly onChunk?: (chunk: FinishedChunk) => void;
  /** The files are there, empty; the transfer begins. */
  readonly onBegin?: (totals: { readonly totalBytes: number; readonly pieces: number }) => void;
  /** Bytes that the install behind the download will need. */
  readonly needBytesForInstall?: number;
  /** Called after all checks and before the first change: serving of the game is stopped here. */
  readonly beforeTouch?: () => Promise<void>;
  /** Milliseconds without a byte after which a unit is given up. */
  readonly noProgressMs?: number;
  /** Called at each step, and waited for: where the tests of crashes stop the process. */
  readonly onStep?: (step: DownloadStep) => Promise<void> | void;
}

/** What a download did. */
export interface DownloadResult {
  /** Bytes of the game. */
  readonly bytes: number;
  /** Pieces of the game. */
  readonly pieces: number;
  /** Pieces that had to be asked for again. */
  readonly retried: number;
  /** Whole milliseconds from the call to the commit. */
  readonly elapsedMs: number;
  /** MiB of verified bytes that were fetched, per second. */
  readonly mibPerS: number;
  /** Verified bytes by source. Resumed bytes have none. */
  readonly sources: Readonly<Record<PeerId, number>>;
  /** 32 bytes per piece, in manifest order; each verified against bytes that are flushed. */
  readonly digests: Uint8Array;
  /** Files as they lay on the disk just before the commit, by path: those of which that is certain. */
  readonly seen: ReadonlyMap<WalkedFile["path"], WalkedFile>;
  /** Sources that sent wrong bytes too often. */
  readonly struckOut: readonly StruckOutSource[];
}
