import type { PeerId } from "@lanspread/proto";
import type { WorkUnit } from "../../transfer/work-unit.ts";
import { MAX_TROUBLED, WAIT_FOR_INNOCENT_MS, WAIT_FOR_ROOM_MS } from "./constants.ts";
import { minBy } from "./of-several.ts";
import type { PlannedSource } from "./planned-source.ts";

/** Who there is to be asked for a troubled piece. */
export interface Askable {
  /** Whoever takes part. */
  readonly all: Iterable<PlannedSource>;
  /** Those of them who may be asked now. */
  readonly usable: readonly PlannedSource[];
  /** Those of them who have room. */
  readonly roomy: readonly PlannedSource[];
  /** Those of them who had none in the turn before. */
  readonly fresh: readonly PlannedSource[];
  /** Bytes per second of the fastest source. */
  readonly fastest: number;
  readonly nowMs: number;
}

/**
 * Pieces that somebody was asked for and did not deliver, or sent wrong, and that are not done yet; and whose turn it is with each.
 *
 * Each of them has a queue: whoever had its turn goes to the end, as does whoever joins meanwhile. However fast a source is, or makes
 * believe that it is, all others come before it is asked again, as long as these have room soon.
 *
 * The turns of sources that have left are forgotten, so that nobody waits on their account. Of very many troubled pieces the first ones are known alone, which bounds
 * the memory and the time that they take; the others are given out as any piece is, and have their queues when they are the first ones.
 */
export class TroubledPieces {
  /** When each source joined: joins and turns are numbered in their order, from 1. */
  readonly #joins = new Map<PeerId, number>();
  readonly #troubles = new Map<number, Trouble>();
  #last = 0;

  joined(peerId: PeerId): void {
    this.#last += 1;
    this.#joins.set(peerId, this.#last);
  }

  /** A source has left. Of the pieces that it had turns with is still known who was there before. */
  left(peerId: PeerId): void {
    this.#joins.delete(peerId);
    for (const trouble of this.#troubles.values()) {
      if (trouble.turns.get(peerId)?.isSender === true) trouble.senders -= 1;
      trouble.turns.delete(peerId);
      trouble.keptUntilMs = 0;
    }
  }

  /** The pieces, in the order in which their troubles began. */
  pieces(): Iterable<number> {
    return this.#troubles.keys();
  }

  has(piece: number): boolean {
    return this.#troubles.has(piece);
  }

  /** Whether it sent something of the piece, or nothing in all the time that it had. */
  wasTried(peerId: PeerId, piece: number): boolean {
    return this.#turnOf(peerId, piece)?.isTried === true;
  }

  cameWrong(piece: number): boolean {
    return (this.#troubles.get(piece)?.senders ?? 0) > 0;
  }

  isSentBy(peerId: PeerId, piece: number): boolean {
    return this.#turnOf(peerId, piece)?.isSender === true;
  }

  /** It was asked for the piece, and did not deliver it. @param isTried false where it refused, as a busy one does */
  noteTurn(peerId: PeerId, piece: number, isTried = true): void {
    if (this.#troubles.has(piece) || this.#troubles.size < MAX_TROUBLED) this.#note(peerId, piece, isTried);
  }

  /** It sent the piece, but wrong: few can do so often. */
  noteWrong(peerId: PeerId, piece: number): void {
    this.#note(peerId, piece, true, true);
  }

  /** The piece is right. */
  forget(piece: number): void {
    this.#troubles.delete(piece);
  }

  /**
   * Who is to be asked for an open troubled piece now.
   *
   * @returns undefined where somebody is waited for
   */
  whoseTurn(unit: WorkUnit, askable: Askable): PlannedSource | undefined {
    const { usable, roomy, fresh, fastest, nowMs } = askable;
    const trouble = this.#troubles.get(unit.firstPiece);
    if (trouble === undefined || roomy.length === 0) return undefined;
    if (nowMs < trouble.keptUntilMs && !fresh.some(({ peerId }) => !trouble.turns.has(peerId)))
      return undefined;
    const sinceMs = trouble.waitedForMs ?? nowMs;
    const isInnocentLeft = trouble.senders > 0 && this.#isInnocentLeft(unit.firstPiece, sinceMs, askable);
    const next = this.firstOf(
      unit,
      isInnocentLeft ? roomy.filter(({ peerId }) => !this.isSentBy(peerId, unit.firstPiece)) : roomy,
      fastest,
    );
    if (next !== undefined && !trouble.turns.has(next.peerId)) return next;
    // It had its turn: whoever had none and has no room now is waited for. That one has room soon, or comes on probation.
    const isOtherBusy = usable.some(
      (each) => !each.hasRoom && !each.onProbation && this.#placeOf(each.peerId, trouble) === 0,
    );
    const untilMs = isOtherBusy ? sinceMs + WAIT_FOR_ROOM_MS : nowMs;
    if (next !== undefined && nowMs >= untilMs) return next;
    // But whoever has joined meanwhile need not wait.
    const joined = roomy.filter(({ peerId }) => !trouble.turns.has(peerId));
    if (joined.length > 0) return this.firstInQueue(unit.firstPiece, joined);
    trouble.waitedForMs = sinceMs;
    if (next !== undefined) trouble.keptUntilMs = untilMs;
    return undefined;
  }

  /** Who of some comes first with a piece: of those who had no turn yet the one that has it soonest. */
  firstOf(
    { firstPiece: piece, length }: WorkUnit,
    sources: readonly PlannedSource[],
    fastest: number,
  ): PlannedSource | undefined {
    const trouble = this.#troubles.get(piece);
    const before = sources.filter(
      ({ peerId }) => trouble === undefined || this.#placeOf(peerId, trouble) === 0,
    );
    return (
      minBy(before, (source) => source.finishesInMs(length, fastest)) ?? this.firstInQueue(piece, sources)
    );
  }

  firstInQueue(piece: number, sources: readonly PlannedSource[]): PlannedSource | undefined {
    const trouble = this.#troubles.get(piece);
    return minBy(sources, ({ peerId }) => (trouble === undefined ? 0 : this.#placeOf(peerId, trouble)));
  }

  /** The place in a troubled piece's queue of the one of some who comes first: 0 at the front of it, and where there is nobody. */
  firstPlaceOf(some: readonly { readonly peerId: PeerId }[], piece: number): number {
    const trouble = this.#troubles.get(piece);
    if (trouble === undefined || some.length === 0) return 0;
    return Math.min(...some.map(({ peerId }) => this.#placeOf(peerId, trouble)));
  }

  /** Whoever may be honest about a piece that came wrong is waited for before those who sent it so are asked again, but not for ever. */
  #isInnocentLeft(piece: number, sinceMs: number, { all, nowMs }: Askable): boolean {
    if (nowMs >= sinceMs + WAIT_FOR_INNOCENT_MS) return false;
    for (const { peerId, onProbation } of all) {
      if (!onProbation && !this.wasTried(peerId, piece)) return true;
    }
    return false;
  }

  /** A lower one comes first; 0 for all who took part when the piece's troubles began, and had no turn yet. */
  #placeOf(peerId: PeerId, { began, turns }: Trouble): number {
    const join = this.#joins.get(peerId) ?? 0;
    return turns.get(peerId)?.number ?? (join > began ? join : 0);
  }

  #turnOf(peerId: PeerId, piece: number): Turn | undefined {
    return this.#troubles.get(piece)?.turns.get(peerId);
  }

  #note(peerId: PeerId, piece: number, isTried: boolean, isSender = false): void {
    if (!this.#joins.has(peerId)) return;
    this.#last += 1;
    let trouble = this.#troubles.get(piece);
    if (trouble === undefined) {
      trouble = { began: this.#last, turns: new Map(), senders: 0, waitedForMs: null, keptUntilMs: 0 };
      this.#troubles.set(piece, trouble);
    }
    const before = trouble.turns.get(peerId);
    if (isSender && before?.isSender !== true) trouble.senders += 1;
    trouble.turns.set(peerId, {
      number: this.#last,
      isTried: isTried || before?.isTried === true,
      isSender: isSender || before?.isSender === true,
    });
    // Who is waited for may be the one that refuses.
    if (isTried) trouble.waitedForMs = null;
    trouble.keptUntilMs = 0;
  }
}

interface Trouble {
  /** Number of the first turn. */
  readonly began: number;
  /** The last turn of each source that had one. */
  readonly turns: Map<PeerId, Turn>;
  /** How many of them sent it wrong. */
  senders: number;
  /** Since when somebody is waited for; null where nobody was since somebody tried to deliver it. */
  waitedForMs: number | null;
  /** Nobody who had a turn is asked before this time. */
  keptUntilMs: number;
}

interface Turn {
  readonly number: number;
  /** It did not merely refuse. */
  readonly isTried: boolean;
  /** It sent the piece wrong. */
  readonly isSender: boolean;
}
