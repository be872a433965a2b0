import { availableParallelism } from "node:os";
import {
  DIGEST_BYTES,
  type GameId,
  type ListenAddress,
  type PeerId,
  type PieceIndex,
} from "@lanspread/proto";
import type { TlsOptions } from "@lanspread/quic";
import type { DownloadLanes, LaneDownload, LaneUnit } from "../download/index.ts";
import type { Logger } from "../logger.ts";
import { LaneError } from "../transfer/index.ts";
import { LANE_UNREACHABLE_MS, MOST_LANES_BY_DEFAULT } from "./constants.ts";
import { LaneThread } from "./lane-thread.ts";
import type { OrderedPiece, PushedView } from "./messages.ts";

/** Lanes of a peer that is not told how many. */
export function defaultLaneCount(): number {
  return Math.max(1, Math.min(MOST_LANES_BY_DEFAULT, availableParallelism() - 1));
}

export interface LanePoolOptions {
  readonly count: number;
  /** Address to bind to. */
  readonly host: string;
  readonly tls: TlsOptions;
  /** Whose certificate (DER) it is; null for nobody's, and for who comes in and has not said hello. */
  readonly identify: (certificate: Uint8Array, inbound: boolean) => PeerId | null;
  /** What the serving gate knows of a game at this moment. */
  readonly viewOf: (gameId: GameId) => PushedView;
  /** Where the lanes of a connected peer listen; none where it has none. */
  readonly lanesOf: (peerId: PeerId) => readonly ListenAddress[];
  /** Whether anything is being sent has changed. */
  readonly onSending: (sending: boolean) => void;
  /** A game on the disk is not as its manifest says. */
  readonly onStale: (gameId: GameId) => void;
  readonly logger: Logger;
}

/** The lanes of this peer: what they may serve is decided here, and what they fetch is ordered here. */
export class LanePool implements DownloadLanes, AsyncDisposable {
  readonly #options: LanePoolOptions;
  readonly #threads: readonly LaneThread[];
  /** What the lanes were told of each game. */
  readonly #told = new Map<GameId, PushedView>();
  /** Until when each source is asked in another way, ms of `performance.now()`. */
  readonly #unreachable = new Map<PeerId, number>();
  /** Downloaders begin with different lanes of one source. */
  readonly #shift = Math.floor(Math.random() * 2 ** 16);
  #lastFetch = 0;
  #lastDownload = 0;
  #isSending = false;

  private constructor(options: LanePoolOptions) {
    this.#options = options;
    const { host, tls, identify, onStale, logger } = options;
    this.#threads = Array.from(
      { length: options.count },
      (_, index) =>
        new LaneThread({
          index,
          start: { host, port: 0, tls },
          identify,
          viewOf: (gameId) => this.#tellView(gameId),
          onOutbound: () => this.#outboundChanged(),
          onStale,
          logger,
        }),
    );
  }

  /** Starts the lanes. Resolves when they listen; one that does not is tried again later, and nothing waits for it. */
  static async start(options: LanePoolOptions): Promise<LanePool> {
    const pool = new LanePool(options);
    await Promise.all(pool.#threads.map((thread) => thread.start()));
    return pool;
  }

  /** UDP ports of the lanes that listen. */
  ports(): number[] {
    return this.#threads.flatMap(({ port }) => port ?? []);
  }

  /** Answers that are under way, by game. */
  counts(): Readonly<Record<GameId, number>> {
    const sums: Record<GameId, number> = {};
    for (const { outbound } of this.#threads) {
      for (const [gameId, count] of Object.entries(outbound)) {
        sums[gameId as GameId] = (sums[gameId as GameId] ?? 0) + count;
      }
    }
    return sums;
  }

  /** Ends the answers about a game, and what comes is judged by what is then. Resolves when none of before is under way. */
  async revoke(gameId: GameId): Promise<void> {
    this.#told.delete(gameId);
    await Promise.all(this.#threads.map((thread) => thread.revoke(gameId)));
  }

  /** As {@link revoke} of all games, with what {@link check} began and has not ended. */
  async revokeAll(): Promise<void> {
    this.#told.clear();
    await Promise.all(this.#threads.map((thread) => thread.revoke(null)));
  }

  /** The library or what is known of a game may be another: what the lanes were told and holds no longer is revoked. */
  check(): void {
    for (const [gameId, told] of this.#told) {
      const now = this.#options.viewOf(gameId);
      if (isSame(told, now)) continue;
      void this.revoke(gameId);
    }
  }

  /** A peer is gone, or another process is in its place: what the lanes still have with the former one is over. */
  drop(peerId: PeerId): void {
    this.#unreachable.delete(peerId);
    for (const thread of this.#threads) thread.drop(peerId);
  }

  open(root: string): LaneDownload {
    this.#lastDownload += 1;
    const download = this.#lastDownload;
    return {
      fetch: (unit) => this.#fetch(unit, root, download),
      [Symbol.asyncDispose]: async () => {
        await Promise.all(this.#threads.map((thread) => thread.close(download)));
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.stop()));
  }

  #fetch(unit: LaneUnit, root: string, download: number): Promise<void> | null {
    const { peerId } = unit;
    const addresses = this.#options.lanesOf(peerId);
    if (addresses.length === 0 || (this.#unreachable.get(peerId) ?? 0) > performance.now()) return null;
    const thread = this.#leastBusy();
    if (thread === null) return null;
    const address = addresses[(this.#threads.indexOf(thread) + this.#shift) % addresses.length];
    if (address === undefined) return null;
    this.#lastFetch += 1;
    const { gameId, manifestHash, unit: work, signal, noProgressMs, onBytes, onPiece, onWrongPiece } = unit;
    const order = {
      id: this.#lastFetch,
      download,
      root,
      source: { peerId, ...address },
      gameId,
      manifestHash,
      unit: work,
      pieces: piecesOf(unit),
      noProgressMs,
    };
    return thread.fetch(order, { onBytes, onPiece, onWrongPiece }, signal).catch((error: unknown) => {
      const isThere = this.#options.lanesOf(peerId).some(({ port }) => port === address.port);
      if (error instanceof LaneError && thread.port !== null && isThere) {
        this.#options.logger.warn(
          "a lane of a source cannot be used: it is asked over the control connection",
          {
            peerId,
            error,
          },
        );
        this.#unreachable.set(peerId, performance.now() + LANE_UNREACHABLE_MS);
      }
      throw error;
    });
  }

  #leastBusy(): LaneThread | null {
    let best: LaneThread | null = null;
    let least = Number.POSITIVE_INFINITY;
    for (const thread of this.#threads) {
      const { orderedBytes } = thread;
      if (thread.port === null || orderedBytes >= least) continue;
      best = thread;
      least = orderedBytes;
    }
    return best;
  }

  #tellView(gameId: GameId): PushedView {
    const view = this.#options.viewOf(gameId);
    // What cannot be served is told, and not remembered by anybody.
    if (view.manifest !== null) this.#told.set(gameId, view);
    return view;
  }

  #outboundChanged(): void {
    const sending = this.#threads.some(({ outbound }) => Object.keys(outbound).length > 0);
    if (sending === this.#isSending) return;
    this.#isSending = sending;
    this.#options.onSending(sending);
  }
}

function piecesOf({ unit, pieceAt, digestOf }: LaneUnit): OrderedPiece[] {
  return Array.from({ length: unit.pieceCount }, (_, index) => {
    const piece = pieceAt((unit.firstPiece + index) as PieceIndex);
    const digest = digestOf(piece.index);
    return {
      index: piece.index,
      fileIndex: piece.fileIndex,
      offset: piece.offset,
      length: piece.length,
      digest: digest === null ? null : Uint8Array.from(digest.subarray(0, DIGEST_BYTES)),
    };
  });
}

function isSame(a: PushedView, b: PushedView): boolean {
  return (
    // What is served, and nothing else of the manifest: its content id becomes known while it is served.
    a.manifest?.manifest_hash === b.manifest?.manifest_hash &&
    a.version === b.version &&
    a.operationActive === b.operationActive &&
    a.inCatalog === b.inCatalog &&
    a.catalogVersion === b.catalogVersion &&
    a.gamesDir === b.gamesDir
  );
}
