import type { PeerId } from "@lanspread/proto";
import { BusyRate } from "./busy-rate.ts";
import {
  ASSUMED_RATE,
  BELIEVED_AFTER_MS,
  FIRST_UNIT_BYTES,
  FIRST_WINDOW_BYTES,
  MAX_FAILED_IN_ROW,
  MAX_PROBATION_PAUSE_MS,
  MAX_UNIT_BYTES,
  MAX_UNITS_IN_FLIGHT,
  MIN_UNITS_IN_FLIGHT,
  PROBATION_PAUSE_MS,
  RATE_MEMORY_MS,
  STALL_MS,
  STRAGGLER_SHARE,
  UNIT_MS,
  WINDOW_MS,
} from "./constants.ts";
import type { Ask } from "./types.ts";

/** An ask with what has come of it. */
export interface RunningAsk extends Ask {
  readonly askedMs: number;
  receivedBytes: number;
}

/** What the plan knows of one source. Times are of one monotonic clock, in milliseconds. */
export class PlannedSource {
  readonly peerId: PeerId;
  readonly asks = new Set<RunningAsk>();
  /** What the next units are planned with. */
  #rate: BusyRate;
  /** What it is judged by: a pause for breath is no fault. */
  #longRate: BusyRate;
  /** Bytes that are asked for and have not come. */
  #bytesInFlight = 0;
  /** When it delivered last, or was asked first after having had nothing to do. */
  #heardMs: number;
  #pausedUntilMs = 0;
  #pauseMs = PROBATION_PAUSE_MS;
  /** It stalled, and has not shown since that it is back: one unit at a time. */
  #onProbation = false;
  /** Units that failed in a row though bytes of them came, without a piece between them. */
  #failures = 0;
  /** The unit that was asked of it last. Numbers grow. */
  #lastAsked = 0;
  /** Units up to this one were under way when a failure was counted: theirs are of the same moment. */
  #counted = 0;

  constructor(peerId: PeerId, nowMs: number) {
    this.peerId = peerId;
    this.#rate = new BusyRate(nowMs, RATE_MEMORY_MS);
    this.#longRate = new BusyRate(nowMs, STALL_MS);
    this.#heardMs = nowMs;
  }

  get bytesInFlight(): number {
    return this.#bytesInFlight;
  }

  /** Bytes per second; 0 before anything came. */
  get rate(): number {
    return this.#rate.perSecond;
  }

  /** The same over the last seconds. */
  get longRate(): number {
    return this.#longRate.perSecond;
  }

  get onProbation(): boolean {
    return this.#onProbation;
  }

  isPaused(nowMs: number): boolean {
    return nowMs < this.#pausedUntilMs;
  }

  /** Largest unit to ask of it, bytes. */
  get unitBytes(): number {
    if (this.#onProbation) return 1;
    if (this.rate === 0) return FIRST_UNIT_BYTES;
    return Math.min(MAX_UNIT_BYTES, (this.rate * UNIT_MS) / 1000);
  }

  /** What it has been asked for first of what it is asked for. */
  get oldest(): RunningAsk | undefined {
    const [oldest] = this.asks;
    return oldest;
  }

  /** Whether it may be asked for one more unit. */
  get hasRoom(): boolean {
    if (this.#onProbation) return this.asks.size === 0;
    if (this.asks.size < MIN_UNITS_IN_FLIGHT) return true;
    if (this.asks.size >= MAX_UNITS_IN_FLIGHT) return false;
    const window = this.rate === 0 ? FIRST_WINDOW_BYTES : (this.rate * WINDOW_MS) / 1000;
    return this.#bytesInFlight < window;
  }

  pass(nowMs: number): void {
    this.#rate.pass(nowMs, this.asks.size > 0);
    this.#longRate.pass(nowMs, this.asks.size > 0);
  }

  /**
   * The rate that it is taken to have, bytes per second: while nothing has come that of the fastest, as long as a unit could not have
   * been here at it. Of a new one that is a usable rate, however slow the others are.
   */
  expectedRate(fastest: number): number {
    if (this.rate > 0) return this.rate;
    const rate = this.#onProbation ? fastest : Math.max(fastest, ASSUMED_RATE);
    return Math.min(rate, (FIRST_UNIT_BYTES * 1000) / this.#rate.busyMs);
  }

  /**
   * When it would have delivered so many bytes more, in ms from now. While nothing has come of it, not sooner than in the time that it
   * has been asked for already: a small file would be here in no time at any rate.
   */
  finishesInMs(bytes: number, fastest: number): number {
    const ms = ((this.#bytesInFlight + bytes) * 1000) / this.expectedRate(fastest);
    return this.rate > 0 ? ms : Math.max(ms, this.#rate.busyMs);
  }

  /** When it would have delivered what it is asked for, in ms from now: not sooner than in the time that it has been silent for. */
  endsInMs(nowMs: number, fastest: number): number {
    return Math.max(this.finishesInMs(0, fastest), this.asks.size > 0 ? nowMs - this.#heardMs : 0);
  }

  asked(ask: RunningAsk, nowMs: number): void {
    if (this.asks.size === 0) this.#heardMs = nowMs;
    this.asks.add(ask);
    this.#lastAsked = ask.id;
    this.#bytesInFlight += ask.unit.length;
  }

  received(ask: RunningAsk, bytes: number, nowMs: number): void {
    this.#heardMs = nowMs;
    this.#rate.add(bytes);
    this.#longRate.add(bytes);
    const counted = Math.min(bytes, ask.unit.length - ask.receivedBytes);
    ask.receivedBytes += counted;
    if (this.asks.has(ask)) this.#bytesInFlight -= counted;
  }

  over(ask: RunningAsk): void {
    if (!this.asks.delete(ask)) return;
    this.#bytesInFlight -= ask.unit.length - ask.receivedBytes;
  }

  /**
   * Whether it holds units without delivering.
   *
   * @param patienceMs silence after which a source has stalled
   * @param minimum the rate below which a source has stalled, too
   */
  hasStalled(nowMs: number, patienceMs: number, minimum: number): boolean {
    if (this.asks.size === 0) return false;
    if (nowMs - this.#heardMs >= patienceMs) return true;
    return this.isBelieved && this.longRate > 0 && this.longRate < minimum;
  }

  /** Whether it has had its oldest ask for so long, and needs as long again: it may send byte by byte, and is never silent. */
  isOverdue(nowMs: number, patienceMs: number): boolean {
    return (
      this.oldest !== undefined &&
      nowMs - this.oldest.askedMs >= patienceMs &&
      this.endsInMs(nowMs, 1) >= patienceMs
    );
  }

  /** Whether nothing was ever asked of it, or not since it stalled. */
  get isUntried(): boolean {
    return this.#rate.busyMs === 0 && this.asks.size === 0;
  }

  /** Whether it is faster by far, as much as that a slower one has stalled, or nothing is known of it. */
  mayOutdo(other: PlannedSource): boolean {
    return this.rate === 0 || other.longRate < this.longRate * STRAGGLER_SHARE;
  }

  /** Whether its rate has been measured for long enough. */
  get isBelieved(): boolean {
    return this.#longRate.busyMs >= BELIEVED_AFTER_MS;
  }

  /** A piece of it is right. */
  delivered(): void {
    this.#failures = 0;
  }

  /** A unit failed though bytes of it came. @returns whether that was one too many in a row */
  failed({ id }: RunningAsk): boolean {
    if (id <= this.#counted) return false;
    this.#counted = this.#lastAsked;
    this.#failures += 1;
    return this.#failures >= MAX_FAILED_IN_ROW;
  }

  /** It has stalled, or fails: nothing for a while, then one unit. What was measured counts no longer. */
  punish(nowMs: number): void {
    // It was well for a while: what it did before that says nothing of how long this will last.
    const wasWell = !this.#onProbation && this.#longRate.busyMs >= STALL_MS + BELIEVED_AFTER_MS;
    if (wasWell) this.#pauseMs = PROBATION_PAUSE_MS;
    this.#onProbation = true;
    this.#failures = 0;
    this.#rate = new BusyRate(nowMs, RATE_MEMORY_MS);
    this.#longRate = new BusyRate(nowMs, STALL_MS);
    this.#pausedUntilMs = nowMs + this.#pauseMs;
    this.#pauseMs = Math.min(MAX_PROBATION_PAUSE_MS, this.#pauseMs * 2);
  }

  /** Not to be asked before a time. */
  pauseUntil(timeMs: number): void {
    this.#pausedUntilMs = Math.max(this.#pausedUntilMs, timeMs);
  }

  /** It has delivered what it was asked for on probation, or nobody else is left. */
  pardon(): void {
    this.#onProbation = false;
  }
}
