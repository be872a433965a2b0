import type { WorkUnit } from "../../transfer/work-unit.ts";
import type { RunningAsk } from "./planned-source.ts";

const NONE: readonly RunningAsk[] = [];

/** The asks that have not ended, by their id and by the pieces that they are for. */
export class RunningAsks {
  readonly #byId = new Map<number, RunningAsk>();
  readonly #byPiece = new Map<number, readonly RunningAsk[]>();

  get(id: number): RunningAsk | undefined {
    return this.#byId.get(id);
  }

  /** Those that are for a piece: a few at most. */
  of(piece: number): readonly RunningAsk[] {
    return this.#byPiece.get(piece) ?? NONE;
  }

  /** Those that have a piece in common with a unit; one that has several comes several times. */
  *overlapping({ firstPiece, pieceCount }: WorkUnit): Iterable<RunningAsk> {
    for (let piece = firstPiece as number; piece < firstPiece + pieceCount; piece++) yield* this.of(piece);
  }

  add(ask: RunningAsk): void {
    const { firstPiece, pieceCount } = ask.unit;
    this.#byId.set(ask.id, ask);
    for (let piece = firstPiece as number; piece < firstPiece + pieceCount; piece++) {
      this.#byPiece.set(piece, [...this.of(piece), ask]);
    }
  }

  delete(ask: RunningAsk): void {
    const { firstPiece, pieceCount } = ask.unit;
    if (!this.#byId.delete(ask.id)) return;
    for (let piece = firstPiece as number; piece < firstPiece + pieceCount; piece++) {
      const others = this.of(piece).filter((each) => each !== ask);
      if (others.length === 0) this.#byPiece.delete(piece);
      else this.#byPiece.set(piece, others);
    }
  }
}
