import type { PeerId, PieceLayout } from "@lanspread/proto";
import type { WorkUnit } from "../../transfer/work-unit.ts";
import { Blame } from "./blame.ts";
import { ENDGAME_SHARE, MAX_ASKERS, MAX_TAKEN, STALL_MS, STRAGGLER_SHARE } from "./constants.ts";
import { PieceBoard } from "./piece-board.ts";
import { PlannedSource, type RunningAsk } from "./planned-source.ts";
import type { Ask, PlanAction } from "./types.ts";

export interface DownloadPlanOptions {
  readonly layout: PieceLayout;
  /** Pieces that need not be fetched. */
  readonly isDone: (piece: number) => boolean;
  /** Piece to fetch before all others. */
  readonly first: number;
  /** Piece to go on with: a random one, so that those who download the same game at once hold different pieces soon. */
  readonly from: number;
  /**
   * Pieces are written before they are verified: a piece is asked of one source at a time, and of the next one only after the `ended`
   * of the ask before, since a late wrong byte would overwrite a right one.
   */
  readonly exclusive?: boolean;
}

/**
 * Decides which source is asked for which unit, without a network, a disk or a clock of its own.
 *
 * The caller tells what happens (`joined`, `left`, `received`, `verified`, `ended` …) with the time of one monotonic clock in
 * milliseconds, and afterwards, and a few times a second in any case, asks {@link next} what is to be done, and does it.
 *
 * A piece is done, or asked of one source (of several near the end), or open. No ask ever leaves this without its pieces being done or
 * open again, so nothing is lost whatever the sources do; {@link DownloadPlan.isFinished} says when there is nothing left.
 */
export class DownloadPlan {
  readonly #board: PieceBoard;
  readonly #blame = new Blame();
  /** Pieces that came wrong are given out one by one. */
  readonly #isFree = (piece: number): boolean => !this.#blame.has(piece);
  readonly #exclusive: boolean;
  readonly #sources = new Map<PeerId, PlannedSource>();
  readonly #asks = new Map<number, RunningAsk>();
  #actions: PlanAction[] = [];
  #lastId = 0;
  #reopened = 0;

  constructor({ layout, isDone, first, from, exclusive = false }: DownloadPlanOptions) {
    this.#board = new PieceBoard(layout, isDone, first, from);
    this.#exclusive = exclusive;
  }

  /** Whether all pieces are done. */
  get isFinished(): boolean {
    return this.#board.left === 0;
  }

  /** Pieces that had to be asked for again, since whoever was asked did not deliver them. */
  get reopened(): number {
    return this.#reopened;
  }

  /** Sources with units in flight. */
  get busySources(): number {
    return [...this.#sources.values()].filter(({ asks }) => asks.size > 0).length;
  }

  /** A source takes part from now on. */
  joined(peerId: PeerId, nowMs: number): void {
    if (!this.#sources.has(peerId)) this.#sources.set(peerId, new PlannedSource(peerId, nowMs));
  }

  /** A source takes part no longer; what it was asked for is open again. The caller ends its asks, and tells `ended` as ever. */
  left(peerId: PeerId): void {
    const source = this.#sources.get(peerId);
    if (source === undefined) return;
    this.#sources.delete(peerId);
    for (const ask of [...source.asks]) this.#abandon(ask, source);
  }

  /** A source is not to be asked before a time. */
  pauseUntil(peerId: PeerId, timeMs: number): void {
    this.#sources.get(peerId)?.pauseUntil(timeMs);
  }

  /** Bytes of an ask have come, right or wrong. */
  received(ask: Ask, bytes: number, nowMs: number): void {
    const running = this.#asks.get(ask.id);
    const source = this.#sources.get(ask.peerId);
    if (running === undefined || source === undefined) return;
    source.pass(nowMs);
    source.received(running, bytes, nowMs);
  }

  /**
   * A piece is right and written.
   *
   * @returns false where another source was faster: it counts once
   */
  verified(ask: Ask, piece: number): boolean {
    if (!this.#board.markDone(piece)) return false;
    this.#blame.forget(piece);
    const own = this.#asks.has(ask.id) ? 1 : 0;
    if (this.#board.askers(piece) > own) this.#dropSuperseded(ask);
    return true;
  }

  /** A piece came wrong. Whoever sent it is not asked for it again while there is somebody who has not. */
  wrong(ask: Ask, piece: number): void {
    if (!this.#board.isDone(piece)) this.#blame.note(ask.peerId, piece);
  }

  /** Whether somebody takes part who has not sent this piece wrong. */
  hasInnocent(piece: number): boolean {
    return [...this.#sources.keys()].some((peerId) => !this.#blame.isSentBy(peerId, piece));
  }

  /** An ask is over: what it did not deliver is open again. */
  ended(ask: Ask, nowMs: number): void {
    const running = this.#asks.get(ask.id);
    if (running === undefined) return;
    const source = this.#sources.get(ask.peerId);
    source?.pass(nowMs);
    if (source?.onProbation === true && this.#board.covers(running.unit)) source.pardon();
    source?.over(running);
    this.#release(running);
  }

  /** What is to be done now, in this order. */
  next(nowMs: number): readonly PlanAction[] {
    for (const source of this.#sources.values()) source.pass(nowMs);
    this.#dropStalled(nowMs);
    this.#dropWhoHoldsUp(nowMs);
    if (!this.isFinished) this.#giveOut(nowMs);
    const actions = this.#actions;
    this.#actions = [];
    return actions;
  }

  /** @param by the ask that has delivered: it ends by itself */
  #dropSuperseded(by: Ask): void {
    for (const ask of [...this.#asks.values()]) {
      if (ask.id !== by.id && this.#board.covers(ask.unit)) this.#drop(ask, "superseded");
    }
  }

  /** Who stalls loses its units, as long as somebody else is there to take them. */
  #dropStalled(nowMs: number): void {
    const all = [...this.#sources.values()];
    if (all.length < 2) {
      for (const source of all) source.pardon();
      return;
    }
    const minimum = median(all.filter(isMeasured).map(({ longRate }) => longRate)) * STRAGGLER_SHARE;
    for (const source of all) {
      if (!source.hasStalled(nowMs, minimum)) continue;
      const others = all.some((other) => other !== source && !other.onProbation && !other.isPaused(nowMs));
      if (!others) continue;
      for (const ask of [...source.asks]) this.#drop(ask, "stalled");
      source.punish(nowMs);
    }
  }

  /**
   * Nothing is open, and somebody waits who could have sooner what a source sends byte by byte, or of whom nothing is known: it is never
   * silent, and may be the only one whose rate is believed. Each time that a piece is taken from somebody its next source has longer for it:
   * one that is merely slow gets it done, whoever comes and goes.
   */
  #dropWhoHoldsUp(nowMs: number): void {
    if (this.#board.openCount > 0) return;
    const all = [...this.#sources.values()];
    for (const source of all) {
      const [oldest] = source.asks;
      if (oldest === undefined) continue;
      const patienceMs = STALL_MS * (1 + this.#board.mostTaken(oldest.unit));
      if (nowMs - oldest.askedMs < patienceMs || source.endsInMs(nowMs, 1) < patienceMs) continue;
      const isWaitedFor = all.some(
        (other) => other.asks.size === 0 && !other.isPaused(nowMs) && other.mayOutdo(source),
      );
      if (!isWaitedFor) continue;
      for (const ask of [...source.asks]) {
        this.#board.taken(ask.unit);
        this.#drop(ask, "stalled");
      }
      source.punish(nowMs);
    }
  }

  #giveOut(nowMs: number): void {
    const usable = [...this.#sources.values()].filter((source) => !source.isPaused(nowMs));
    const fastest = usable.reduce((most, { rate }) => Math.max(most, rate), 1);
    const total = usable.reduce((sum, source) => sum + source.expectedRate(fastest), 0);
    this.#giveOutBlamed(usable, fastest, nowMs);
    let candidates = usable.filter(({ hasRoom }) => hasRoom);
    while (candidates.length > 0 && this.#board.openCount > 0) {
      const source = minBy(candidates, (each) => each.finishesInMs(this.#likelyBytes(each), fastest));
      if (source === undefined) break;
      if (this.#isTooLate(source, usable, fastest, total)) {
        candidates = candidates.filter((each) => each !== source);
        continue;
      }
      const share = source.expectedRate(fastest) / total;
      const unit = this.#board.nextRun(
        Math.min(source.unitBytes, (this.#board.openBytes * share) / 2),
        this.#isFree,
      );
      if (unit === null) break;
      this.#ask(source, unit, nowMs);
      candidates = candidates.filter(({ hasRoom }) => hasRoom);
    }
    if (this.#board.openCount > 0) return;
    if (this.#exclusive) this.#takeOver(candidates, fastest, nowMs);
    else this.#endgame(candidates, usable, fastest, nowMs);
  }

  /** Pieces that came wrong: whoever has not sent them is asked first, and waited for. */
  #giveOutBlamed(usable: readonly PlannedSource[], fastest: number, nowMs: number): void {
    for (const piece of this.#blame.pieces()) {
      if (!this.#board.isOpen(piece)) continue;
      const innocent = [...this.#sources.values()].filter(
        ({ peerId, onProbation }) => !onProbation && !this.#blame.isSentBy(peerId, piece),
      );
      const unit = this.#board.single(piece);
      const source = minBy(
        usable.filter((each) => each.hasRoom && (innocent.length === 0 || innocent.includes(each))),
        (each) => each.finishesInMs(unit.length, fastest),
      );
      if (source !== undefined) this.#ask(source, unit, nowMs);
    }
  }

  /** What a unit of a source will have, bytes: a piece at least. */
  #likelyBytes(source: PlannedSource): number {
    const { openBytes, openCount } = this.#board;
    return Math.min(openBytes, Math.max(source.unitBytes, openBytes / openCount));
  }

  /** Whether the others would have everything before this source had one unit more. */
  #isTooLate(
    source: PlannedSource,
    usable: readonly PlannedSource[],
    fastest: number,
    total: number,
  ): boolean {
    const inFlight = usable.reduce((sum, { bytesInFlight }) => sum + bytesInFlight, 0);
    const restMs = ((this.#board.openBytes + inFlight) * 1000) / total;
    const bytes = this.#likelyBytes(source);
    const own = source.finishesInMs(bytes, fastest);
    if (own <= restMs) return false;
    return usable.some((other) => other !== source && other.finishesInMs(bytes, fastest) < own);
  }

  /** Nothing is open: whoever has room is asked for what a slower one will have last. */
  #endgame(
    idle: readonly PlannedSource[],
    usable: readonly PlannedSource[],
    fastest: number,
    nowMs: number,
  ): void {
    for (const source of idle) {
      if (source.onProbation) continue;
      const slowest = [...this.#asks.values()]
        .filter(({ peerId }) => peerId !== source.peerId)
        .map((ask) => ({ ask, endsInMs: this.#endsInMs(ask, fastest, nowMs) }))
        .sort((a, b) => b.endsInMs - a.endsInMs);
      for (const { ask, endsInMs } of slowest) {
        if (!source.hasRoom) break;
        const unit = this.#board.lastRun(ask.unit, source.unitBytes, MAX_ASKERS, this.#isFree);
        if (unit === null) continue;
        const ownMs = source.finishesInMs(unit.length, fastest);
        if (ownMs > endsInMs * ENDGAME_SHARE) continue;
        // Who is faster still has room soon, and others may have been asked for it before.
        if (minBy(usable, (each) => each.finishesInMs(unit.length, fastest)) !== source) continue;
        if (ownMs > this.#soonestMs(unit, source, fastest, nowMs) * ENDGAME_SHARE) continue;
        this.#ask(source, unit, nowMs);
      }
    }
  }

  /** When the first of those that are asked for a piece of a unit will have ended; 0 where one of them is `source`. */
  #soonestMs(unit: WorkUnit, source: PlannedSource, fastest: number, nowMs: number): number {
    let soonest = Number.POSITIVE_INFINITY;
    for (const ask of this.#asks.values()) {
      if (!overlap(ask.unit, unit)) continue;
      if (ask.peerId === source.peerId) return 0;
      soonest = Math.min(soonest, this.#endsInMs(ask, fastest, nowMs));
    }
    return soonest;
  }

  /** When an ask will have ended, in ms from now, if its source serves it last. */
  #endsInMs({ peerId }: Ask, fastest: number, nowMs: number): number {
    return this.#sources.get(peerId)?.endsInMs(nowMs, fastest) ?? 0;
  }

  /**
   * Nothing is open, and nothing may be asked of two: whoever has room is to get what a slower one would have last. That one's ask is
   * dropped, which throws away the piece that is coming, and what it did not deliver is open when it has ended.
   */
  #takeOver(idle: readonly PlannedSource[], fastest: number, nowMs: number): void {
    const isHeld = (ask: RunningAsk): boolean => this.#sources.get(ask.peerId)?.asks.has(ask) === true;
    const asks = [...this.#asks.values()];
    /** Bytes that are open soon, and will be asked of the idle ones. */
    let soonOpen = asks.reduce((sum, ask) => sum + (isHeld(ask) ? 0 : this.#board.bytesLeft(ask.unit)), 0);
    const lastFirst = asks.filter(isHeld).toReversed();
    for (const ask of lastFirst) {
      const slow = this.#sources.get(ask.peerId);
      const bytes = this.#board.bytesLeft(ask.unit);
      if (slow === undefined || bytes === 0 || this.#board.mostTaken(ask.unit) >= MAX_TAKEN) continue;
      const taker = minBy(
        idle.filter(
          (source) => source !== slow && !source.onProbation && (source.rate > 0 || source.isUntried),
        ),
        (source) => source.finishesInMs(soonOpen + bytes, fastest),
      );
      if (taker === undefined) continue;
      if (taker.finishesInMs(soonOpen + bytes, fastest) > slow.endsInMs(nowMs, fastest) * ENDGAME_SHARE)
        continue;
      this.#board.taken(ask.unit);
      this.#drop(ask, "taken");
      soonOpen += bytes;
    }
  }

  #ask(source: PlannedSource, unit: WorkUnit, nowMs: number): void {
    this.#lastId += 1;
    const ask: RunningAsk = {
      id: this.#lastId,
      peerId: source.peerId,
      unit,
      askedMs: nowMs,
      receivedBytes: 0,
    };
    this.#asks.set(ask.id, ask);
    this.#board.asked(unit);
    source.asked(ask, nowMs);
    this.#actions.push({ kind: "ask", ask });
  }

  #drop(ask: RunningAsk, why: "stalled" | "superseded" | "taken"): void {
    const source = this.#sources.get(ask.peerId);
    if (source !== undefined) this.#abandon(ask, source);
    this.#actions.push({ kind: "drop", ask, why });
  }

  /** Nothing is expected of an ask any more. */
  #abandon(ask: RunningAsk, source: PlannedSource): void {
    source.over(ask);
    if (!this.#exclusive) this.#release(ask);
  }

  #release(ask: RunningAsk): void {
    this.#asks.delete(ask.id);
    this.#reopened += this.#board.released(ask.unit);
  }
}

function isMeasured(source: PlannedSource): boolean {
  return source.isBelieved && source.longRate > 0;
}

function overlap(one: WorkUnit, other: WorkUnit): boolean {
  return (
    one.firstPiece < other.firstPiece + other.pieceCount && other.firstPiece < one.firstPiece + one.pieceCount
  );
}

/** 0 where there are none. */
function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(middle)] ?? 0) + (sorted[Math.ceil(middle)] ?? 0)) / 2;
}

function minBy<T>(values: readonly T[], cost: (value: T) => number): T | undefined {
  let best: T | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const value of values) {
    const own = cost(value);
    if (own >= least) continue;
    best = value;
    least = own;
  }
  return best;
}
