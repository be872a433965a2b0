import {
  DIGEST_BYTES,
  type Manifest,
  type PeerId,
  type PieceIndex,
  type PieceLayout,
} from "@lanspread/proto";
import { PeerError, toPeerError } from "../errors/index.ts";
import { parseSentinel } from "../library/sentinel-text.ts";
import type { Logger } from "../logger.ts";
import { createBufferPool, fetchUnit, SinkError } from "../transfer/index.ts";
import { MAX_PIECE_RETRIES } from "./constants.ts";
import { chunksOf } from "./finished-chunks.ts";
import { Flusher } from "./flusher.ts";
import type { Journal } from "./journal.ts";
import type { Payload } from "./payload.ts";
import type { PieceRun } from "./pieces-file.ts";
import { type Assignment, planNext } from "./planner.ts";
import type { ProgressMeter } from "./progress.ts";
import {
  createSourceState,
  describeWrong,
  nobodyLeft,
  noteUnitFailure,
  type SourceState,
  strike,
  type WrongPiece,
} from "./source-states.ts";
import type { DownloadSource, DownloadStep, FinishedChunk } from "./types.ts";

export interface TransferOptions {
  readonly manifest: Manifest;
  readonly layout: PieceLayout;
  readonly digests: Uint8Array | null;
  /** 32 bytes per piece: receives the digests of the pieces that come. */
  readonly ownDigests: Uint8Array;
  /** A byte per piece: 1 where it is verified and flushed. */
  readonly flushed: Uint8Array;
  readonly sources: readonly DownloadSource[];
  readonly journal: Journal;
  readonly payload: Payload;
  readonly meter: ProgressMeter;
  readonly signal: AbortSignal;
  readonly logger: Logger;
  readonly noProgressMs?: number;
  readonly onChunk: (chunk: FinishedChunk) => void;
  readonly onStep: (step: DownloadStep) => Promise<void> | void;
}

const OPEN = 0;
const ASKED = 1;
const DONE = 2;

interface RunningUnit {
  readonly assignment: Assignment;
  readonly ended: Promise<void>;
}

/**
 * Fetches every piece that is missing, from the sources that there are. It does; the planner decides.
 *
 * Call {@link run} once. When it ends, in either way, nothing of it runs any more.
 */
export class Transfer {
  readonly #options: TransferOptions;
  readonly #states: readonly SourceState[];
  readonly #pieces: Uint8Array;
  readonly #wrongTimes = new Map<PieceIndex, number>();
  readonly #running = new Set<RunningUnit>();
  readonly #buffers = createBufferPool();
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal;
  readonly #end = Promise.withResolvers<void>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #flusher: Flusher | undefined;
  #left: number;
  #from: number;
  #lastWrong: WrongPiece | null = null;
  #retried = 0;

  constructor(options: TransferOptions) {
    this.#options = options;
    this.#states = options.sources.map(createSourceState);
    this.#pieces = Uint8Array.from(options.flushed, (flushed) => (flushed === 0 ? OPEN : DONE));
    this.#left = this.#pieces.reduce((count, piece) => count + (piece === DONE ? 0 : 1), 0);
    // `version.ini` first: a transfer whose sentinel is of another version is not worth the rest.
    this.#from = options.layout.piecesOfFile(options.payload.sentinelIndex).first;
    this.#signal = AbortSignal.any([options.signal, this.#stop.signal]);
  }

  /** Pieces that had to be asked for again. */
  get retried(): number {
    return this.#retried;
  }

  /** Sources with units in flight. */
  get busySources(): number {
    return this.#states.filter(({ unitsInFlight }) => unitsInFlight > 0).length;
  }

  /** Verified bytes by source. */
  get bytesBySource(): Record<PeerId, number> {
    const bytes: Record<PeerId, number> = {};
    for (const { source, verifiedBytes } of this.#states) bytes[source.peerId] = verifiedBytes;
    return bytes;
  }

  get struckOut(): PeerId[] {
    return this.#states.filter(({ out }) => out?.struck === true).map(({ source }) => source.peerId);
  }

  /**
   * Resolves when every piece is verified, written, flushed and noted.
   *
   * @throws PeerError `verification`, `peers-gone`, those of the file system, and the reason of the signal. What was
   *   verified is flushed and noted in these cases too, unless the download was cancelled.
   */
  async run(): Promise<void> {
    const { layout, journal, payload, flushed, signal, onStep } = this.#options;
    await using flusher = new Flusher({
      layout,
      journal,
      payload,
      flushed,
      inFlight: () => [...this.#running].map(({ assignment }) => runOf(assignment)),
      onFlushed: () => onStep("pieces-flushed"),
      onError: (error) => this.#fail(error),
    });
    this.#flusher = flusher;
    const onAbort = (): void => this.#fail(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();
    else this.#pump();
    try {
      await this.#end.promise;
    } catch (error) {
      await this.#settle();
      if (keepsPartial(signal)) await this.#flushAfterFailure(flusher);
      throw error;
    } finally {
      signal.removeEventListener("abort", onAbort);
      await this.#settle();
    }
    await flusher.flush();
  }

  async #settle(): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    this.#stop.abort();
    while (this.#running.size > 0) await Promise.all([...this.#running].map(({ ended }) => ended));
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
    this.#stop.abort();
  }

  /** Gives out units as long as somebody has room for one. */
  #pump(): void {
    if (this.#stop.signal.aborted) return;
    if (this.#left === 0) {
      if (this.#running.size === 0) this.#end.resolve();
      return;
    }
    const alive = this.#states.filter(({ out }) => out === null);
    if (alive.length === 0 && this.#running.size === 0) {
      this.#fail(nobodyLeft(this.#options.manifest.game_id, this.#states, this.#lastWrong));
      return;
    }
    const now = performance.now();
    for (;;) {
      const assignment = planNext({
        layout: this.#options.layout,
        isOpen: (piece) => this.#pieces[piece] === OPEN,
        from: this.#from,
        sources: alive
          .filter(({ pausedUntil }) => pausedUntil <= now)
          .map(({ source, unitsInFlight, bytesInFlight }) => ({
            peerId: source.peerId,
            unitsInFlight,
            bytesInFlight,
            rate: this.#options.meter.rateOf(source.peerId, now),
          })),
      });
      const state = alive.find(({ source }) => source.peerId === assignment?.peerId);
      if (assignment === null || state === undefined) break;
      this.#start(assignment, state);
    }
    for (const { pausedUntil } of alive) if (pausedUntil > now) this.#pumpAt(pausedUntil);
  }

  #pumpAt(time: number): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#pump();
    }, time - performance.now());
    this.#timers.add(timer);
  }

  #start(assignment: Assignment, state: SourceState): void {
    const { unit } = assignment;
    const end = unit.firstPiece + unit.pieceCount;
    for (let piece = unit.firstPiece as number; piece < end; piece++) this.#pieces[piece] = ASKED;
    // Behind the sentinel, at a random place: those who download the same game at once hold different pieces soon.
    const isSentinel = unit.fileIndex === this.#options.payload.sentinelIndex;
    this.#from = isSentinel ? Math.floor(Math.random() * this.#pieces.length) : end;
    state.unitsInFlight += 1;
    state.bytesInFlight += unit.length;
    const ended = this.#fetch(assignment, state).finally(() => {
      state.unitsInFlight -= 1;
      state.bytesInFlight -= unit.length;
      this.#running.delete(running);
      this.#pump();
    });
    const running: RunningUnit = { assignment, ended };
    this.#running.add(running);
  }

  /** Never rejects. */
  async #fetch(assignment: Assignment, state: SourceState): Promise<void> {
    const { manifest, layout, digests, payload, journal, meter, noProgressMs } = this.#options;
    const { unit, peerId } = assignment;
    const right: PieceIndex[] = [];
    const begun = journal.begin(runOf(assignment)).catch((error: unknown) => this.#fail(error));
    try {
      await fetchUnit({
        channel: state.source.channel,
        gameId: manifest.game_id,
        manifestHash: manifest.manifest_hash,
        layout,
        unit,
        digests,
        sink: payload,
        buffers: this.#buffers,
        signal: AbortSignal.any([this.#signal, state.controller.signal]),
        ...(noProgressMs === undefined ? {} : { noProgressMs }),
        onBytes: (count) => {
          state.failures = 0;
          meter.received(peerId, count, performance.now());
        },
        onPiece: (index, digest) => {
          right.push(index);
          this.#verified(index, digest, state);
        },
        onWrongPiece: (index) => this.#wrong(index, state),
      });
    } catch (error) {
      this.#unitFailed(error, assignment, state);
    } finally {
      await begun;
      this.#reopen(assignment);
      for (const chunk of chunksOf(layout, right, peerId)) this.#options.onChunk(chunk);
    }
  }

  #verified(index: PieceIndex, digest: Uint8Array, state: SourceState): void {
    const { layout, ownDigests, meter, payload } = this.#options;
    const piece = layout.pieceAt(index);
    this.#pieces[index] = DONE;
    this.#left -= 1;
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

  #wrong(index: PieceIndex, state: SourceState): void {
    const { layout, manifest, logger } = this.#options;
    const { peerId } = state.source;
    const { path, offset, length } = layout.pieceAt(index);
    const wrong: WrongPiece = { path, index, offset, length, peerId };
    const what = describeWrong(manifest.game_id, wrong);
    this.#lastWrong = wrong;
    logger.warn("a piece came wrong and was thrown away", { gameId: manifest.game_id, peerId, path, index });
    const times = (this.#wrongTimes.get(index) ?? 0) + 1;
    this.#wrongTimes.set(index, times);
    strike(state, what);
    this.#logIfOut(state);
    if (times > MAX_PIECE_RETRIES) {
      this.#fail(new PeerError("verification", `${what}, and ${times - 1} times before from all sources`));
    }
  }

  #unitFailed(error: unknown, { unit }: Assignment, state: SourceState): void {
    if (this.#stop.signal.aborted || this.#options.signal.aborted) return;
    if (error instanceof SinkError) {
      this.#fail(toPeerError(error.cause));
      return;
    }
    if (state.out !== null) return;
    this.#options.logger.warn("a source failed", {
      gameId: this.#options.manifest.game_id,
      peerId: state.source.peerId,
      path: unit.path,
      error,
    });
    noteUnitFailure(state, error, performance.now());
    this.#logIfOut(state);
  }

  #logIfOut({ out, source }: SourceState): void {
    if (out === null) return;
    this.#options.logger.warn("a source takes no further part", { peerId: source.peerId, why: out.why });
  }

  /** What did not come is open again. */
  #reopen({ unit }: Assignment): void {
    for (let piece = unit.firstPiece as number; piece < unit.firstPiece + unit.pieceCount; piece++) {
      if (this.#pieces[piece] !== ASKED) continue;
      this.#pieces[piece] = OPEN;
      this.#retried += 1;
    }
  }
}

/** Whether what has been fetched stays on disk when a download fails: unless somebody cancelled it. */
export function keepsPartial({ aborted, reason }: AbortSignal): boolean {
  return !aborted || (reason instanceof PeerError && reason.code === "shutting-down");
}

function runOf({ unit }: Assignment): PieceRun {
  return { first: unit.firstPiece, count: unit.pieceCount };
}
