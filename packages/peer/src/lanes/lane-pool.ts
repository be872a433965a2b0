import { availableParallelism } from "node:os";
import {
  DIGEST_BYTES,
  type GameId,
  type Hash,
  type ListenAddress,
  type PeerId,
  type PieceIndex,
} from "@lanspread/proto";
import type { TlsOptions } from "@lanspread/quic";
import type { DownloadLanes, LaneDownload, LaneUnit } from "../download/index.ts";
import type { Logger } from "../logger.ts";
import { isServable } from "../serve/index.ts";
import { LaneError, type SentOfGame } from "../transfer/index.ts";
import { LANE_PATIENCE_MS, LANE_WAKE_MS, MOST_LANES_BY_DEFAULT } from "./constants.ts";
import { LaneThread } from "./lane-thread.ts";
import type { FetchOrder, LaneAddress, PushedView } from "./messages.ts";
import { Reachability } from "./reachability.ts";
import { atMost, unlessAborted } from "./waiting.ts";

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
  /** What the lanes have sent since the last time. Default: nobody hears of it. */
  readonly onSent?: (sent: readonly SentOfGame[]) => void;
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
  readonly #reachability = new Reachability();
  /** Downloaders begin with different lanes of one source. */
  readonly #shift = Math.floor(Math.random() * 2 ** 16);
  #lastFetch = 0;
  #lastDownload = 0;
  #turn = 0;
  #isSending = false;
  #awake: Promise<void> | null = null;
  /** As that one, but for {@link LANE_WAKE_MS} at most. */
  #waitedFor: Promise<unknown> | null = null;
  /** Nobody waits for that any more. */
  #isAwake = false;

  private constructor(options: LanePoolOptions) {
    this.#options = options;
    const { host, tls, identify, onSent = () => {}, onStale, logger } = options;
    this.#threads = Array.from(
      { length: options.count },
      (_, index) =>
        new LaneThread({
          index,
          start: { host, tls },
          onKnock: () => void this.wake(),
          identify,
          viewOf: (gameId, holds) => this.#tellView(gameId, holds),
          onOutbound: () => this.#outboundChanged(),
          onSent,
          onStale,
          logger,
        }),
    );
  }

  /**
   * Takes the ports of the lanes. Their threads are started when somebody connects to one, or something is to be fetched: each
   * takes some 30 MB and 0.2 s of processor time, and a peer that nobody wants a game of needs none.
   */
  static async open(options: LanePoolOptions): Promise<LanePool> {
    const pool = new LanePool(options);
    await Promise.all(pool.#threads.map((thread) => thread.hold()));
    return pool;
  }

  /** Starts the lanes. Resolves when they listen; one that does not is tried again later, and nothing waits for it. */
  wake(): Promise<void> {
    if (this.#awake === null) {
      this.#awake = Promise.all(this.#threads.map((thread) => thread.start())).then(() => {});
      this.#waitedFor = atMost(this.#awake, LANE_WAKE_MS).then(() => {
        this.#isAwake = true;
      });
    }
    return this.#awake;
  }

  /** UDP ports that others may connect to. */
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
    this.#reachability.forget(peerId);
    for (const thread of this.#threads) thread.drop(peerId);
  }

  open(root: string): LaneDownload {
    this.#lastDownload += 1;
    const download = this.#lastDownload;
    void this.wake();
    return {
      fetch: (unit) => this.#fetch(unit, root, download),
      flush: (paths) => this.#flush(root, paths),
      make: async (files) => (await (await this.#nextInTurn())?.make(root, files)) ?? null,
      look: async (files) => (await (await this.#nextInTurn())?.look(root, files)) ?? null,
      remove: async (files) => (await (await this.#nextInTurn())?.remove(root, files)) ?? null,
      [Symbol.asyncDispose]: async () => {
        await Promise.all(this.#threads.map((thread) => thread.close(download)));
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.stop()));
  }

  async #fetch(unit: LaneUnit, root: string, download: number): Promise<boolean> {
    const { peerId } = unit;
    if (this.#options.lanesOf(peerId).length === 0 || !(await this.#canReach(peerId))) return false;
    try {
      // Every small file comes by here, and a race for each costs as much as its order.
      if (!this.#isAwake) await unlessAborted(this.#untilAwake(), unit.signal);
      unit.signal.throwIfAborted();
      const thread = this.#leastBusy();
      const addresses = this.#options.lanesOf(peerId);
      const turn = thread === null ? 0 : this.#threads.indexOf(thread) + this.#shift;
      const address = addresses[turn % addresses.length];
      if (thread === null || address === undefined) return false;
      await this.#order(thread, { peerId, ...address }, unit, { root, download });
      return true;
    } finally {
      this.#reachability.ended(peerId);
    }
  }

  async #flush(root: string, paths: readonly string[]): Promise<boolean> {
    const threads = this.#threads.filter(({ isUp }) => isUp);
    if (threads.length === 0) return false;
    const share = Math.ceil(paths.length / threads.length);
    const ended = await Promise.allSettled(
      threads.map((thread, index) => thread.flush(root, paths.slice(index * share, (index + 1) * share))),
    );
    const failures = ended.flatMap((end) => (end.status === "rejected" ? [end.reason] : []));
    for (const failure of failures) if (!(failure instanceof LaneError)) throw failure;
    return failures.length === 0;
  }

  async #order(
    thread: LaneThread,
    source: LaneAddress,
    unit: LaneUnit,
    place: Pick<FetchOrder, "root" | "download">,
  ): Promise<void> {
    const { gameId, manifestHash, unit: work, signal, noProgressMs, onBytes, onWrongPiece } = unit;
    this.#lastFetch += 1;
    const order: FetchOrder = {
      ...place,
      id: this.#lastFetch,
      source,
      gameId,
      manifestHash,
      unit: work,
      identity: unit.identity,
      pieceBytes: unit.pieceAt(work.firstPiece).length,
      digests: digestsOf(unit),
      noProgressMs,
    };
    const came = (count: number): void => {
      this.#reachability.came(source.peerId);
      onBytes(count);
    };
    const onPiece = (index: PieceIndex, digest: Uint8Array | null, isFlushed: boolean): void => {
      const known = digest ?? unit.digestOf(index);
      if (known !== null) unit.onPiece(index, known, isFlushed);
    };
    try {
      await thread.fetch(order, { onBytes: came, onPiece, onWrongPiece }, signal);
    } catch (error) {
      const isThere = this.#options.lanesOf(source.peerId).some(({ port }) => port === source.port);
      if (error instanceof LaneError && thread.isUp && isThere) this.#failed(source.peerId, error);
      throw error;
    }
  }

  /** Where one unit is under way that will show it, the others wait for it a moment. */
  async #canReach(peerId: PeerId): Promise<boolean> {
    const known = this.#reachability.untilKnown(peerId);
    if (known !== null) await atMost(known, LANE_PATIENCE_MS);
    return this.#reachability.mayAsk(peerId, performance.now());
  }

  #failed(peerId: PeerId, error: LaneError): void {
    const pauseMs = this.#reachability.failed(peerId, performance.now());
    this.#options.logger.info("a lane of a source cannot be used: it is asked over the control connection", {
      peerId,
      pauseMs,
      error,
    });
  }

  /** Without the lanes that take too long to start: what is to be done is done without them. */
  async #untilAwake(): Promise<void> {
    void this.wake();
    await this.#waitedFor;
  }

  /** For what takes every lane equally long. */
  async #nextInTurn(): Promise<LaneThread | null> {
    await this.#untilAwake();
    const threads = this.#threads.filter(({ isUp }) => isUp);
    this.#turn += 1;
    return threads[this.#turn % threads.length] ?? null;
  }

  #leastBusy(): LaneThread | null {
    let best: LaneThread | null = null;
    let least = Number.POSITIVE_INFINITY;
    for (const thread of this.#threads) {
      const { orderedBytes } = thread;
      if (!thread.isUp || orderedBytes >= least) continue;
      best = thread;
      least = orderedBytes;
    }
    return best;
  }

  /** @param holds of the manifest that the lane which asks holds; null where it holds none */
  #tellView(gameId: GameId, holds: Hash | null): PushedView | null {
    const view = this.#options.viewOf(gameId);
    const told = this.#told.get(gameId);
    const isTold = told !== undefined && isSame(told, view);
    // A manifest may name 100,000 files, and whoever is refused can ask again at once.
    if (isTold && holds === view.manifest?.manifest_hash) return null;
    // Lanes hold what is no longer so: they hear of that before this answer.
    if (told !== undefined && !isTold) void this.revoke(gameId);
    // What cannot be served is told without its manifest, and not remembered by anybody.
    if (!isServable({ ...view, fileAt: () => undefined })) return { ...view, manifest: null };
    this.#told.set(gameId, view);
    return view;
  }

  #outboundChanged(): void {
    const sending = this.#threads.some(({ outbound }) => Object.keys(outbound).length > 0);
    if (sending === this.#isSending) return;
    this.#isSending = sending;
    this.#options.onSending(sending);
  }
}

/** As of {@link FetchOrder.digests}. */
function digestsOf({ unit: { firstPiece, pieceCount }, digestOf }: LaneUnit): string | null {
  const digests = Buffer.allocUnsafe(pieceCount * DIGEST_BYTES);
  for (let place = 0; place < pieceCount; place++) {
    const digest = digestOf((firstPiece + place) as PieceIndex);
    if (digest === null) return null;
    digests.set(digest, place * DIGEST_BYTES);
  }
  return digests.toString("base64");
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
