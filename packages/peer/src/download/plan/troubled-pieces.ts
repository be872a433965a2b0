import type { PeerId } from "@lanspread/proto";
import type { WorkUnit } from "../../transfer/work-unit.ts";
import { minBy } from "./of-several.ts";
import type { PlannedSource } from "./planned-source.ts";

/**
 * Pieces that somebody was asked for and did not deliver, or sent wrong, and that are not done yet; and whose turn it is with each.
 *
 * Each of them has a queue: whoever had its turn goes to the end, as does whoever joins meanwhile. However fast a source is, or makes
 * believe that it is, all others come before it is asked again.
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

  /** The pieces, in the order in which their troubles began. */
  pieces(): Iterable<number> {
    return this.#troubles.keys();
  }

  has(piece: number): boolean {
    return this.#troubles.has(piece);
  }

  /** Whether it sent something of the piece, or nothing in all the time that it had. */
  wasTried(peerId: PeerId, piece: number): boolean {
    return this.#troubles.get(piece)?.tried.has(peerId) === true;
  }

  cameWrong(piece: number): boolean {
    return (this.#troubles.get(piece)?.senders.size ?? 0) > 0;
  }

  isSentBy(peerId: PeerId, piece: number): boolean {
    return this.#troubles.get(piece)?.senders.has(peerId) === true;
  }

  /** It was asked for the piece, and did not deliver it. @param isTried false where it refused, as a busy one does */
  noteTurn(peerId: PeerId, piece: number, isTried = true): void {
    this.#last += 1;
    const known = this.#troubles.get(piece);
    const trouble = known ?? { began: this.#last, turns: new Map(), tried: new Set(), senders: new Set() };
    if (known === undefined) this.#troubles.set(piece, trouble);
    trouble.turns.set(peerId, this.#last);
    if (isTried) trouble.tried.add(peerId);
  }

  /** It sent the piece, but wrong. */
  noteWrong(peerId: PeerId, piece: number): void {
    this.noteTurn(peerId, piece);
    this.#troubles.get(piece)?.senders.add(peerId);
  }

  /** The piece is right. */
  forget(piece: number): void {
    this.#troubles.delete(piece);
  }

  /**
   * Who is to be asked for a troubled piece now.
   *
   * @param all whoever takes part
   * @param usable those of them who may be asked now
   * @returns undefined where somebody is waited for
   */
  whoseTurn(
    { firstPiece: piece, length }: WorkUnit,
    all: Iterable<PlannedSource>,
    usable: readonly PlannedSource[],
    fastest: number,
  ): PlannedSource | undefined {
    // The fastest one first, even if it has no room: it has some soon, or comes on probation.
    const first = minBy(
      usable.filter((each) => this.#placeOf(each.peerId, piece) === 0 && (each.hasRoom || !each.onProbation)),
      (source) => source.finishesInMs(length, fastest),
    );
    if (first !== undefined) return first.hasRoom ? first : undefined;
    // Whoever may be honest about it is waited for, before those who sent it wrong are asked again.
    const isInnocentLeft =
      this.cameWrong(piece) &&
      [...all].some(({ peerId, onProbation }) => !onProbation && !this.wasTried(peerId, piece));
    return this.firstInQueue(
      piece,
      usable.filter(({ peerId, hasRoom }) => hasRoom && !(isInnocentLeft && this.isSentBy(peerId, piece))),
    );
  }

  firstInQueue(piece: number, sources: readonly PlannedSource[]): PlannedSource | undefined {
    return minBy(sources, ({ peerId }) => this.#placeOf(peerId, piece));
  }

  /** A lower one comes first; 0 for all who took part when the piece's troubles began, and had no turn yet. */
  #placeOf(peerId: PeerId, piece: number): number {
    const trouble = this.#troubles.get(piece);
    const join = this.#joins.get(peerId) ?? 0;
    return trouble?.turns.get(peerId) ?? (join > (trouble?.began ?? 0) ? join : 0);
  }
}

interface Trouble {
  /** Number of the first turn. */
  readonly began: number;
  /** The last turn of each source that had one. */
  readonly turns: Map<PeerId, number>;
  /** Those of them who did not merely refuse. */
  readonly tried: Set<PeerId>;
  /** Who sent it wrong. */
  readonly senders: Set<PeerId>;
}
