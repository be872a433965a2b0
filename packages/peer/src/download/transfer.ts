import {
  DIGEST_BYTES,
  type Manifest,
  type PeerId,
  type PieceIndex,
  type PieceLayout,
  type StruckOutSource,
} from "@lanspread/proto";
import { PeerError, toPeerError } from "../errors/index.ts";
import { parseSentinel } from "../library/sentinel-text.ts";
import type { Logger } from "../logger.ts";
import {
  createBufferPool,
  type FetchUnitOptions,
  fetchUnit,
  LaneError,
  NO_PROGRESS_MS,
  ProgressLimit,
  SinkError,
  TRANSFER_BUFFER_BYTES,
} from "../transfer/index.ts";
import { MAX_PIECE_RETRIES, PLAN_INTERVAL_MS } from "./constants.ts";
import { chunksOf } from "./finished-chunks.ts";
import { Flusher } from "./flusher.ts";
import type { Journal } from "./journal.ts";
import { keepsPartial } from "./keeps-partial.ts";
import type { Payload } from "./payload.ts";
import type { PieceRun } from "./pieces-file.ts";
import { type Ask, DownloadPlan } from "./plan/index.ts";
import type { ProgressMeter } from "./progress.ts";
import {
  describeWrong,
  nobodyLeft,
  noteBytes,
  noteUnitFailure,
  type SourceState,
  SourceStates,
  strike,
  type WrongPiece,
} from "./source-states.ts";
import type {
  DownloadOptions,
  DownloadSource,
  DownloadStep,
  FinishedChunk,
  LaneDownload,
  LaneUnit,
} from "./types.ts";

export interface TransferOptions {
  readonly manifest: Manifest;
  readonly layout: PieceLayout;
  readonly digests: Uint8Array | null;
  /** 32 bytes per piece: receives the digests of the pieces that come. */
  readonly ownDigests: Uint8Array;
  /** A byte per piece: 1 where it is verified and flushed. */
  readonly flushed: Uint8Array;
  readonly sources: readonly DownloadSource[];
  readonly joining?: DownloadOptions["joining"];
  readonly journal: Journal;
  readonly payload: Payload;
  readonly meter: ProgressMeter;
  readonly signal: AbortSignal;
  readonly logger: Logger;
  readonly lanes: LaneDownload | null;
  readonly noProgressMs?: number;
  readonly onChunk: (chunk: FinishedChunk) => void;
  readonly onStep: (step: DownloadStep) => Promise<void> | void;
}

/** A unit as whoever fetches it is told of it. */
type UnitOrder = Omit<LaneUnit, "onPiece"> & Pick<FetchUnitOptions, "onPiece">;

interface RunningAsk {
  readonly ask: Ask;
  readonly state: SourceState;
  readonly controller: AbortController;
  readonly ended: Promise<void>;
}

/**
 * Fetches every piece that is missing, from the sources that there are. It does; the plan decides.
 *
 * Call {@link run} once. When it ends, in either way, nothing of it runs any more.
 */
export class Transfer {
  readonly #options: TransferOptions;
  readonly #states = new SourceStates();
  readonly #plan: DownloadPlan;
  readonly #wrongTimes = new Map<PieceIndex, number>();
  readonly #running = new Map<Ask["id"], RunningAsk>();
  readonly #buffers = createBufferPool();
  #isStopped = false;
  readonly #end = Promise.withResolvers<void>();
  /** The next look at the plan, behind all that has ended in the same turn. */
  #turn: NodeJS.Immediate | undefined;
  #flusher: Flusher | undefined;
  #lastWrong: WrongPiece | null = null;

  constructor(options: TransferOptions) {
    this.#options = options;
    const { layout, flushed, payload, digests } = options;
    this.#plan = new DownloadPlan({
      layout,
      isDone: (piece) => flushed[piece] === 1,
      // `version.ini` first: a transfer whose sentinel is of another version is not worth the rest.
      first: layout.piecesOfFile(payload.sentinelIndex).first,
      from: Math.floor(Math.random() * layout.pieceCount),
      exclusive: digests === null || layout.pieceSize > TRANSFER_BUFFER_BYTES,
    });
    for (const source of options.sources) {
      if (this.#states.join(source)) this.#plan.joined(source.peerId, performance.now());
    }
  }

  /** Pieces that had to be asked for again. */
  get retried(): number {
    return this.#plan.reopened;
  }

  /** Sources with units in flight. */
  get busySources(): number {
    return this.#plan.busySources;
  }

  /** Verified bytes by source. */
  get bytesBySource(): Record<PeerId, number> {
    const bytes: Record<PeerId, number> = {};
    for (const { source, verifiedBytes } of this.#states.all()) bytes[source.peerId] = verifiedBytes;
    return bytes;
  }

  get struckOut(): StruckOutSource[] {
    return this.#states
      .all()
      .flatMap(({ source: { peerId }, out }) => (out?.struck === true ? [{ peerId, why: out.why }] : []));
  }

  /**
   * Resolves when every piece is verified, written, flushed and noted.
   *
   * @throws PeerError `verification`, `peers-gone`, those of the file system, and the reason of the signal. What was
   *   verified is flushed and noted in these cases too, unless the download was cancelled.
   */
  async run(): Promise<void> {
    const { layout, journal, payload, flushed, signal, lanes, onStep } = this.#options;
    await using flusher = new Flusher({
      layout,
      journal,
      payload,
      flushed,
      ...(lanes === null ? {} : { byOthers: (paths) => lanes.flush(paths) }),
      inFlight: () => [...this.#running.values()].map(({ ask }) => runOf(ask)),
      onFlushed: () => onStep("pieces-flushed"),
      onError: (error) => this.#fail(error),
    });
    this.#flusher = flusher;
    const onAbort = (): void => this.#fail(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();
    else this.#pump();
    const timer = setInterval(() => this.#pump(), PLAN_INTERVAL_MS);
    const noMore = this.#options.joining?.((source, { back }) => this.#join(source, back));
    try {
      await this.#end.promise;
    } catch (error) {
      await this.#settle();
      if (keepsPartial(signal)) await this.#flushAfterFailure(flusher);
      throw error;
    } finally {
      clearInterval(timer);
      noMore?.();
      signal.removeEventListener("abort", onAbort);
      await this.#settle();
      clearImmediate(this.#turn);
    }
    await flusher.flush();
  }

  async #settle(): Promise<void> {
    this.#stop();
    while (this.#running.size > 0) await Promise.all([...this.#running.values()].map(({ ended }) => ended));
  }

  async #flushAfterFailure(flusher: Flusher): Promise<void> {
    try {
      await flusher.flush();
    } catch (error) {
      this.#options.logger.warn("the last pieces could not be noted: they will be fetched again", { error });
    }
  }

  #fail(error: unknown): void {
    this.#end.reject(error);
    this.#stop();
  }

  /** Nothing is begun any more, and what is under way ends. */
  #stop(): void {
    this.#isStopped = true;
    for (const { controller } of this.#running.values()) controller.abort();
  }

  /** Small files end by the dozen in one turn. */
  #pumpSoon(): void {
    this.#turn ??= setImmediate(() => this.#pump());
  }

  /** Does what the plan says. */
  #pump(): void {
    clearImmediate(this.#turn);
    this.#turn = undefined;
    if (this.#isStopped) return;
    if (this.#plan.isFinished) {
      // Whoever is still asked has nothing that is of use: neither a slow one in the endgame nor one that does not end its answer.
      for (const { controller } of this.#running.values()) controller.abort();
      if (this.#running.size === 0) this.#end.resolve();
      return;
    }
    if (this.#running.size === 0 && this.#states.areAllOut) {
      this.#fail(nobodyLeft(this.#options.manifest.game_id, this.#states.all(), this.#lastWrong));
      return;
    }
    for (const { kind, ask } of this.#plan.next(performance.now())) {
      if (kind === "ask") this.#start(ask);
      else this.#running.get(ask.id)?.controller.abort();
    }
    if (this.#plan.hasMore) this.#pumpSoon();
  }

  #join(source: DownloadSource, back: boolean): void {
    if (!this.#states.join(source, back)) return;
    this.#options.logger.info("a source joins", {
      gameId: this.#options.manifest.game_id,
      peerId: source.peerId,
    });
    this.#plan.joined(source.peerId, performance.now());
    this.#pump();
  }

  #start(ask: Ask): void {
    const state = this.#states.get(ask.peerId);
    if (state === undefined) throw new RangeError(`${ask.peerId} is no source`);
    state.lastAsked = ask.id;
    // Of small files there is one for each: it is found by whoever ends units, instead of listening to all of them.
    const controller = new AbortController();
    const ended = this.#fetch(ask, state, controller.signal).finally(() => {
      this.#running.delete(ask.id);
      this.#plan.ended(ask, performance.now());
      this.#pumpSoon();
    });
    this.#running.set(ask.id, { ask, state, controller, ended });
  }

  /** Never rejects. */
  async #fetch(ask: Ask, state: SourceState, signal: AbortSignal): Promise<void> {
    const { manifest, layout, digests, payload, journal, lanes, meter, noProgressMs } = this.#options;
    const { unit, peerId } = ask;
    const right: PieceIndex[] = [];
    const begun = journal.begin(runOf(ask)).catch((error: unknown) => this.#fail(error));
    try {
      const order: UnitOrder = {
        peerId,
        // The sentinel's bytes are in memory; a file of the old version has no other one yet.
        identity: null,
        gameId: manifest.game_id,
        manifestHash: manifest.manifest_hash,
        unit,
        pieceAt: (index) => layout.pieceAt(index),
        digestOf: (index) => digests?.subarray(index * DIGEST_BYTES, (index + 1) * DIGEST_BYTES) ?? null,
        signal,
        noProgressMs: noProgressMs ?? NO_PROGRESS_MS,
        onBytes: (count) => {
          const now = performance.now();
          noteBytes(state);
          meter.received(peerId, count, now);
          this.#plan.received(ask, count, now);
        },
        onPiece: (index, digest) => {
          if (!this.#plan.verified(ask, index)) return;
          right.push(index);
          this.#verified(index, digest, state);
        },
        onWrongPiece: (index) => this.#wrong(ask, index, state),
      };
      if (lanes !== null && (await this.#fetchInLane(order, lanes))) return;
      const { channel } = state.source;
      using limit = new ProgressLimit(
        order.noProgressMs,
        `fetching ${manifest.game_id}/${unit.path}`,
        signal,
      );
      await fetchUnit({ ...order, limit, channel, sink: payload, buffers: this.#buffers });
    } catch (error) {
      if (!signal.aborted) this.#unitFailed(error, ask, state);
    } finally {
      await begun;
      for (const chunk of chunksOf(
        layout,
        right.sort((a, b) => a - b),
        peerId,
      ))
        this.#options.onChunk(chunk);
    }
  }

  /** @returns false where that cannot be done now */
  async #fetchInLane(order: UnitOrder, lanes: LaneDownload): Promise<boolean> {
    const { payload } = this.#options;
    const { fileIndex } = order.unit;
    if (!payload.isOpenToOthers(fileIndex)) return false;
    return await lanes.fetch({
      ...order,
      identity: payload.identityOf(fileIndex),
      onPiece: (index, digest, isFlushed) => {
        if (!isFlushed) payload.writtenByOthers(fileIndex);
        order.onPiece(index, digest);
      },
    });
  }

  #verified(index: PieceIndex, digest: Uint8Array, state: SourceState): void {
    const { layout, ownDigests, meter, payload } = this.#options;
    const piece = layout.pieceAt(index);
    ownDigests.set(digest, index * DIGEST_BYTES);
    state.verifiedBytes += piece.length;
    meter.verified(piece.length);
    this.#flusher?.wrote(index);
    if (piece.fileIndex === payload.sentinelIndex) this.#checkSentinel(state.source.peerId);
  }

  /** A game whose `version.ini` is of another version than the manifest would not count as downloaded. */
  #checkSentinel(peerId: PeerId): void {
    const { manifest, payload } = this.#options;
    const parsed = parseSentinel(Buffer.from(payload.sentinel).toString("utf8"));
    if (parsed.ok && parsed.version === manifest.version) return;
    const says = parsed.ok ? `says ${parsed.version}` : parsed.reason;
    this.#fail(
      new PeerError(
        "verification",
        `${manifest.game_id}/version.ini from ${peerId} ${says}; the manifest is of ${manifest.version}`,
      ),
    );
  }

  #wrong(ask: Ask, index: PieceIndex, state: SourceState): void {
    // What was on its way when it was put out comes wrong as well.
    if (state.out !== null) return;
    const { layout, manifest, logger } = this.#options;
    const { peerId } = state.source;
    const { path, offset, length } = layout.pieceAt(index);
    const wrong: WrongPiece = { path, index, offset, length, peerId };
    const what = describeWrong(manifest.game_id, wrong);
    this.#lastWrong = wrong;
    logger.warn("a piece came wrong and was thrown away", { gameId: manifest.game_id, peerId, path, index });
    const times = (this.#wrongTimes.get(index) ?? 0) + 1;
    this.#wrongTimes.set(index, times);
    this.#plan.wrong(ask, index);
    strike(state, what);
    this.#leaveIfOut(state);
    // However many lie: whoever may be honest about this piece is asked before it is given up.
    if (times > MAX_PIECE_RETRIES && !this.#plan.hasInnocent(index)) {
      this.#fail(new PeerError("verification", `${what}, and ${times - 1} times before from all sources`));
    }
  }

  #unitFailed(error: unknown, { id, unit, peerId }: Ask, state: SourceState): void {
    if (error instanceof SinkError) {
      this.#fail(toPeerError(error.cause));
      return;
    }
    // The source is asked in another way at once.
    if (state.out !== null || error instanceof LaneError) return;
    this.#options.logger.warn("a source failed", {
      gameId: this.#options.manifest.game_id,
      peerId: state.source.peerId,
      path: unit.path,
      error,
    });
    this.#plan.pauseUntil(peerId, performance.now() + noteUnitFailure(state, id, error));
    this.#leaveIfOut(state);
  }

  /** Ends what is under way with a source that takes no further part. */
  #leaveIfOut(state: SourceState): void {
    const { out, source } = state;
    if (out === null) return;
    this.#states.wentOut(state);
    this.#plan.left(source.peerId);
    for (const running of this.#running.values()) if (running.state === state) running.controller.abort();
    this.#options.logger.warn("a source takes no further part", { peerId: source.peerId, why: out.why });
  }
}

function runOf({ unit }: Ask): PieceRun {
  return { first: unit.firstPiece, count: unit.pieceCount };
}
