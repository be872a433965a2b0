import type { PeerId, PieceLayout } from "@lanspread/proto";
import type { WorkUnit } from "../../transfer/work-unit.ts";
import { MAX_ASKERS, MAX_QUEUES_LOOKED_AT, MAX_UNITS_AT_ONCE, STRAGGLER_SHARE } from "./constants.ts";
import { askOthersToo, takeFromSlow } from "./endgame.ts";
import { median, minBy } from "./of-several.ts";
import { Patience } from "./patience.ts";
import { PieceBoard } from "./piece-board.ts";
import { PlannedSource, type RunningAsk } from "./planned-source.ts";
import { RunningAsks } from "./running-asks.ts";
import { isTooLate } from "./too-late.ts";
import { TroubledPieces } from "./troubled-pieces.ts";
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
 *
 * Nothing hangs either, as long as one source stays that delivers a piece whenever it is given the time for it: what one source does not
 * deliver all others are asked for before it is asked again ({@link TroubledPieces}), nobody keeps a piece for longer than a turn while
 * another one waits, and turns grow until somebody delivers ({@link Patience}).
 */
export class DownloadPlan {
  readonly #board: PieceBoard;
  readonly #troubled = new TroubledPieces();
  /** Troubled pieces are given out one by one. */
  readonly #isFree = (piece: number): boolean => !this.#troubled.has(piece);
  readonly #patience = new Patience();
  readonly #exclusive: boolean;
  readonly #sources = new Map<PeerId, PlannedSource>();
  readonly #asks = new RunningAsks();
  /** Those of them that were dropped, where whatever they are for is asked again only when they have ended. */
  readonly #ending = new Set<RunningAsk>();
  /** Who had room when the troubled pieces had all been given out or kept: what was kept from them then is kept from them still. */
  #roomy = new Set<PlannedSource>();
  #actions: PlanAction[] = [];
  #lastId = 0;
  /** Units that were asked for, or lost by sources that stalled, in this turn. */
  #units = 0;
  #hasMore = false;
  #reopened = 0;

  constructor({ layout, isDone, first, from, exclusive = false }: DownloadPlanOptions) {
    this.#board = new PieceBoard(layout, isDone, first, from);
    this.#exclusive = exclusive;
  }

  /** Whether all pieces are done. */
  get isFinished(): boolean {
    return this.#board.left === 0;
  }

  /** Whether {@link next} was cut short, since it had much to say: it has more at once. */
  get hasMore(): boolean {
    return this.#hasMore;
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
    if (this.#sources.has(peerId)) return;
    this.#sources.set(peerId, new PlannedSource(peerId, nowMs));
    this.#troubled.joined(peerId);
  }

  /** A source takes part no longer; what it was asked for is open again. The caller ends its asks, and tells `ended` as ever. */
  left(peerId: PeerId): void {
    const source = this.#sources.get(peerId);
    if (source === undefined) return;
    // What it was at has a queue from now on: whoever joins comes behind those who are here, however fast it is taken to be.
    const piece = this.#firstLeftOf(source);
    if (piece !== null) this.#troubled.noteTurn(peerId, piece, false);
    this.#sources.delete(peerId);
    for (const ask of [...source.asks]) this.#abandon(ask, source);
    this.#troubled.left(peerId);
    this.#roomy.delete(source);
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
    this.#patience.progressed();
    this.#sources.get(ask.peerId)?.delivered();
    this.#troubled.forget(piece);
    this.#dropSuperseded(ask, piece);
    return true;
  }

  /** A piece came wrong. Whoever sent it is not asked for it again before everybody else had a turn with it. */
  wrong(ask: Ask, piece: number): void {
    if (!this.#board.isDone(piece)) this.#troubled.noteWrong(ask.peerId, piece);
  }

  /** Whether somebody takes part who has not sent this piece wrong. */
  hasInnocent(piece: number): boolean {
    return [...this.#sources.keys()].some((peerId) => !this.#troubled.isSentBy(peerId, piece));
  }

  /** An ask is over: what it did not deliver is open again. */
  ended(ask: Ask, nowMs: number): void {
    const running = this.#asks.get(ask.id);
    if (running === undefined) return;
    const source = this.#sources.get(ask.peerId);
    source?.pass(nowMs);
    if (source?.onProbation === true && this.#board.covers(running.unit)) source.pardon();
    if (source?.asks.has(running) === true) this.#noteEnd(running, source, nowMs);
    source?.over(running);
    this.#release(running);
  }

  /** What is to be done now, in this order. */
  next(nowMs: number): readonly PlanAction[] {
    this.#units = 0;
    for (const source of this.#sources.values()) source.pass(nowMs);
    this.#patience.pass(nowMs, this.#sources.size);
    this.#dropStalled(nowMs);
    if (!this.isFinished) this.#giveOut(nowMs);
    if (!this.#isFull && this.#relieveWhoHoldsUp(nowMs)) this.#giveOut(nowMs);
    const actions = this.#actions;
    this.#actions = [];
    this.#hasMore = this.#isFull;
    return actions;
  }

  get #isFull(): boolean {
    return this.#units >= MAX_UNITS_AT_ONCE;
  }

  /** All asks for a piece that is done now end here where there is nothing left of them. */
  #dropSuperseded(by: Ask, piece: number): void {
    for (const ask of this.#asks.of(piece)) {
      const { firstPiece, pieceCount } = ask.unit;
      // The one that has delivered its last piece ends by itself.
      const isAtEnd = ask.id === by.id && piece === firstPiece + pieceCount - 1;
      if (isAtEnd || this.#ending.has(ask)) continue;
      if (this.#board.covers(ask.unit)) this.#drop(ask, "superseded");
    }
  }

  /** Who stalls loses its units, as long as somebody else is there to take them. */
  #dropStalled(nowMs: number): void {
    const all = [...this.#sources.values()];
    if (all.length < 2) {
      for (const source of all) source.pardon();
      return;
    }
    const measured = all.filter(({ isBelieved, longRate }) => isBelieved && longRate > 0);
    const minimum = median(measured.map(({ longRate }) => longRate)) * STRAGGLER_SHARE;
    for (const source of all) {
      if (this.#isFull) return;
      // Who has its turn with a troubled piece may be slow.
      const hasTurn = source.oldest !== undefined && this.#troubled.has(source.oldest.unit.firstPiece);
      if (!source.hasStalled(nowMs, this.#patience.ms, hasTurn ? 0 : minimum)) continue;
      const others = all.filter((other) => other !== source && !other.onProbation && !other.isPaused(nowMs));
      if (others.some((other) => !other.isOverdue(nowMs, this.#patience.ms))) this.#dropAll(source, nowMs);
    }
  }

  /**
   * Somebody waits for whom there is nothing to give out, and who could have sooner what a source sends byte by byte, or of whom nothing
   * is known: that source may be the only one whose rate is believed. Who waits is asked for it, too; where no more may be asked, whoever
   * has had it for longest loses what it has.
   *
   * @returns whether somebody lost something
   */
  #relieveWhoHoldsUp(nowMs: number): boolean {
    const all = [...this.#sources.values()];
    const overdue = all.filter((source) => source.isOverdue(nowMs, this.#patience.ms));
    let hasDropped = false;
    for (const source of overdue.sort((a, b) => (a.oldest?.askedMs ?? 0) - (b.oldest?.askedMs ?? 0))) {
      const piece = this.#firstLeftOf(source);
      if (piece === null) continue;
      const waiting = all.filter(
        (each) => each.asks.size === 0 && !each.isPaused(nowMs) && each.mayOutdo(source),
      );
      const other = this.#troubled.firstInQueue(piece, waiting);
      if (other === undefined) continue;
      const isAlone = this.#exclusive || this.#troubled.cameWrong(piece);
      if (isAlone || this.#board.askers(piece) >= MAX_ASKERS) {
        this.#dropAll(source, nowMs);
        hasDropped = true;
      }
      if (!isAlone) this.#ask(other, this.#board.single(piece), nowMs);
    }
    return hasDropped;
  }

  /** A source loses all that it has: it had its turn with the piece that it was at. */
  #dropAll(source: PlannedSource, nowMs: number): void {
    const piece = this.#firstLeftOf(source);
    if (piece !== null) this.#troubled.noteTurn(source.peerId, piece);
    this.#units += source.asks.size;
    for (const ask of [...source.asks]) this.#drop(ask, "stalled");
    source.punish(nowMs);
  }

  /** The piece that a source is at; null where it has delivered all: it may keep the end of an answer to itself. */
  #firstLeftOf(source: PlannedSource): number | null {
    for (const { unit } of source.asks) {
      const piece = this.#board.firstLeft(unit);
      if (piece !== null) return piece;
    }
    return null;
  }

  #giveOut(nowMs: number): void {
    const usable = [...this.#sources.values()].filter((source) => !source.isPaused(nowMs));
    const fastest = usable.reduce((most, { rate }) => Math.max(most, rate), 1);
    const total = usable.reduce((sum, source) => sum + source.expectedRate(fastest), 0);
    const kept = this.#giveOutTroubled(usable, fastest, nowMs);
    let candidates = usable.filter(({ hasRoom }) => hasRoom);
    let inFlight = usable.reduce((sum, { bytesInFlight }) => sum + bytesInFlight, 0);
    while (candidates.length > 0 && this.#board.openCount > kept) {
      if (this.#isFull) return;
      const likelyBytes = ({ unitBytes }: PlannedSource): number => this.#board.likelyBytes(unitBytes);
      const source = minBy(candidates, (each) => each.finishesInMs(likelyBytes(each), fastest));
      if (source === undefined) break;
      const restMs = ((this.#board.openBytes + inFlight) * 1000) / total;
      if (isTooLate(source, likelyBytes(source), restMs, usable, fastest)) {
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
      inFlight += unit.length;
      if (!source.hasRoom) candidates = candidates.filter((each) => each !== source);
    }
    if (this.#board.openCount > kept) return;
    if (candidates.length === 0) return;
    if (!this.#exclusive) this.#askInTurn(candidates, fastest, nowMs);
    const view = {
      ...{ board: this.#board, troubled: this.#troubled, running: this.#asks, sources: this.#sources },
      ...{ usable, idle: candidates, fastest, nowMs },
    };
    if (this.#exclusive) takeFromSlow(view, this.#ending, (ask) => this.#take(ask));
    else askOthersToo(view, (source, unit) => this.#ask(source, unit, nowMs));
  }

  /**
   * Troubled pieces that others have are asked, too, of those who have nothing to do: of whoever is on probation, and of whoever comes before
   * all who have the piece. These may come and go, or send byte by byte.
   */
  #askInTurn(idle: readonly PlannedSource[], fastest: number, nowMs: number): void {
    let free = idle.filter(({ asks }) => asks.size === 0);
    let queues = 0;
    for (const piece of this.#troubled.pieces()) {
      if (free.length === 0) return;
      if (this.#board.askers(piece) >= MAX_ASKERS || this.#troubled.cameWrong(piece)) continue;
      let waiting = free.filter(({ onProbation }) => onProbation);
      const place = this.#troubled.firstPlaceOf(this.#asks.of(piece), piece);
      if (place > 0 && queues < MAX_QUEUES_LOOKED_AT) {
        queues += 1;
        const before = free.filter((each) => this.#troubled.firstPlaceOf([each], piece) < place);
        waiting = [...waiting, ...before];
      }
      const unit = this.#board.single(piece);
      const source = this.#troubled.firstOf(unit, waiting, fastest);
      if (source === undefined) continue;
      this.#ask(source, unit, nowMs);
      free = free.filter((each) => each !== source);
    }
  }

  /** Gives out the troubled pieces, one by one. @returns how many are kept for somebody, where somebody has room */
  #giveOutTroubled(usable: readonly PlannedSource[], fastest: number, nowMs: number): number {
    let kept = 0;
    let roomy = usable.filter(({ hasRoom }) => hasRoom);
    let fresh = roomy.filter((source) => !this.#roomy.has(source));
    this.#roomy = new Set();
    for (const piece of this.#troubled.pieces()) {
      if (!this.#board.isOpen(piece)) continue;
      if (this.#isFull || roomy.length === 0) return kept;
      const unit = this.#board.single(piece);
      const all = this.#sources.values();
      const source = this.#troubled.whoseTurn(unit, { all, usable, roomy, fresh, fastest, nowMs });
      if (source === undefined) kept += 1;
      else this.#ask(source, unit, nowMs);
      if (source === undefined || source.hasRoom) continue;
      roomy = roomy.filter((each) => each !== source);
      fresh = fresh.filter((each) => each !== source);
    }
    this.#roomy = new Set(roomy);
    return kept;
  }

  #take(ask: RunningAsk): void {
    // It would be asked for it again, where it is its turn and not that of whoever is faster.
    const piece = this.#board.firstLeft(ask.unit);
    if (piece !== null && this.#troubled.has(piece)) this.#troubled.noteTurn(ask.peerId, piece, false);
    this.#drop(ask, "taken");
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
    this.#asks.add(ask);
    this.#units += 1;
    this.#board.asked(unit);
    source.asked(ask, nowMs);
    this.#actions.push({ kind: "ask", ask });
  }

  #drop(ask: RunningAsk, why: "stalled" | "superseded" | "taken"): void {
    const source = this.#sources.get(ask.peerId);
    if (source !== undefined) this.#abandon(ask, source);
    this.#actions.push({ kind: "drop", ask, why });
  }

  /** An ask has ended by itself: it came whole, or failed. */
  #noteEnd(ask: RunningAsk, source: PlannedSource, nowMs: number): void {
    if (this.#board.covers(ask.unit)) return;
    const isTried = ask.receivedBytes > 0;
    this.#noteTurn(ask, isTried);
    if (isTried && source.failed(ask) && this.#sources.size > 1) source.punish(nowMs);
  }

  /** Who was asked had its turn with the first piece that it did not deliver. */
  #noteTurn({ peerId, unit }: Ask, isTried = true): void {
    const piece = this.#board.firstLeft(unit);
    if (piece !== null) this.#troubled.noteTurn(peerId, piece, isTried);
  }

  /** Nothing is expected of an ask any more. */
  #abandon(ask: RunningAsk, source: PlannedSource): void {
    source.over(ask);
    if (this.#exclusive) this.#ending.add(ask);
    else this.#release(ask);
  }

  #release(ask: RunningAsk): void {
    this.#asks.delete(ask);
    this.#ending.delete(ask);
    this.#reopened += this.#board.released(ask.unit);
  }
}
