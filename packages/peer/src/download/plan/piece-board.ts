import { asPieceIndex, type PieceLayout } from "@lanspread/proto";
import type { WorkUnit } from "../../transfer/work-unit.ts";

/** Which pieces are done, which are asked for and how often, and which are open: neither. */
export class PieceBoard {
  readonly #layout: PieceLayout;
  readonly #done: Uint8Array;
  readonly #askers: Uint8Array;
  /** How often each piece was taken from a source which was asked for it. */
  readonly #taken = new Map<number, number>();
  #openCount = 0;
  #openBytes = 0;
  #left = 0;
  readonly #first: number;
  #from: number;

  /**
   * @param isDone whether a piece need not be fetched
   * @param first the piece to fetch before all others
   * @param from where to begin with the others
   */
  constructor(layout: PieceLayout, isDone: (piece: number) => boolean, first: number, from: number) {
    this.#layout = layout;
    this.#first = first;
    this.#done = new Uint8Array(layout.pieceCount);
    this.#askers = new Uint8Array(layout.pieceCount);
    this.#from = from;
    for (let piece = 0; piece < layout.pieceCount; piece++) {
      if (isDone(piece)) {
        this.#done[piece] = 1;
      } else {
        this.#left += 1;
        this.#opened(piece, 1);
      }
    }
  }

  /** Pieces that are not done. */
  get left(): number {
    return this.#left;
  }

  get openCount(): number {
    return this.#openCount;
  }

  get openBytes(): number {
    return this.#openBytes;
  }

  /** What the next unit of at most so many bytes will have, bytes: a piece at least. */
  likelyBytes(maxBytes: number): number {
    return Math.min(this.#openBytes, Math.max(maxBytes, this.#openBytes / this.#openCount));
  }

  isDone(piece: number): boolean {
    return this.#done[piece] === 1;
  }

  askers(piece: number): number {
    return this.#askers[piece] ?? 0;
  }

  isOpen(piece: number): boolean {
    return this.#done[piece] === 0 && this.#askers[piece] === 0;
  }

  /**
   * The next run of open pieces of one file, of at most so many bytes, but of one piece at least.
   *
   * @param isFree whether a piece may be in it
   */
  nextRun(maxBytes: number, isFree: (piece: number) => boolean = () => true): WorkUnit | null {
    if (this.#openCount === 0) return null;
    const { pieceCount } = this.#layout;
    const takes = (piece: number): boolean => this.isOpen(piece) && isFree(piece);
    if (takes(this.#first)) return this.#run(this.#first, maxBytes, takes);
    const first = this.#firstOf(takes, this.#from, pieceCount) ?? this.#firstOf(takes, 0, this.#from);
    if (first === null) return null;
    const run = this.#run(first, maxBytes, takes);
    this.#from = (first + run.pieceCount) % pieceCount;
    return run;
  }

  /** One piece as a unit. */
  single(piece: number): WorkUnit {
    return this.#run(piece, 0, () => false);
  }

  /**
   * The last run of pieces of a unit that are not done and have fewer askers than `maxAskers`.
   *
   * @param isFree whether a piece may be in it
   */
  lastRun(
    { firstPiece, pieceCount }: WorkUnit,
    maxBytes: number,
    maxAskers: number,
    isFree: (piece: number) => boolean = () => true,
  ): WorkUnit | null {
    const wanted = (piece: number): boolean =>
      piece >= firstPiece && this.#done[piece] === 0 && this.askers(piece) < maxAskers && isFree(piece);
    let end = firstPiece + pieceCount;
    while (end > firstPiece && !wanted(end - 1)) end -= 1;
    if (end === firstPiece) return null;
    let first = end - 1;
    let bytes = this.#layout.pieceAt(first).length;
    while (wanted(first - 1)) {
      bytes += this.#layout.pieceAt(first - 1).length;
      if (bytes > maxBytes) break;
      first -= 1;
    }
    return this.#run(first, maxBytes, (piece) => piece < end);
  }

  /** Of how many sources the piece of a unit is asked that is asked of fewest, of those that are not done; infinity where all are. */
  fewestAskers({ firstPiece, pieceCount }: WorkUnit, isFree: (piece: number) => boolean): number {
    let fewest = Number.POSITIVE_INFINITY;
    for (let piece = firstPiece as number; piece < firstPiece + pieceCount; piece++) {
      if (this.#done[piece] === 0 && isFree(piece)) fewest = Math.min(fewest, this.askers(piece));
    }
    return fewest;
  }

  /** Bytes of the last piece of a unit that is not done; 0 where all are. */
  lastLength({ firstPiece, pieceCount }: WorkUnit): number {
    for (let piece = firstPiece + pieceCount - 1; piece >= firstPiece; piece--) {
      if (this.#done[piece] === 0) return this.#layout.pieceAt(piece).length;
    }
    return 0;
  }

  asked({ firstPiece, pieceCount }: WorkUnit): void {
    for (let piece = firstPiece as number; piece < firstPiece + pieceCount; piece++) {
      if (this.isOpen(piece)) this.#opened(piece, -1);
      this.#askers[piece] = this.askers(piece) + 1;
    }
  }

  /** The unit is asked of one source less. @returns how many pieces are open again */
  released({ firstPiece, pieceCount }: WorkUnit): number {
    let opened = 0;
    for (let piece = firstPiece as number; piece < firstPiece + pieceCount; piece++) {
      this.#askers[piece] = this.askers(piece) - 1;
      if (!this.isOpen(piece)) continue;
      this.#opened(piece, 1);
      opened += 1;
    }
    return opened;
  }

  /** @returns false where it was done before */
  markDone(piece: number): boolean {
    if (this.#done[piece] !== 0) return false;
    if (this.isOpen(piece)) this.#opened(piece, -1);
    this.#done[piece] = 1;
    this.#left -= 1;
    return true;
  }

  /** Whether all pieces of a unit are done. */
  covers(unit: WorkUnit): boolean {
    return this.firstLeft(unit) === null;
  }

  /** The first piece of a unit that is not done; null where all are. */
  firstLeft({ firstPiece, pieceCount }: WorkUnit): number | null {
    for (let piece = firstPiece as number; piece < firstPiece + pieceCount; piece++) {
      if (this.#done[piece] === 0) return piece;
    }
    return null;
  }

  /** Bytes of the pieces of a unit that are not done. */
  bytesLeft({ firstPiece, pieceCount }: WorkUnit): number {
    let bytes = 0;
    for (let piece = firstPiece as number; piece < firstPiece + pieceCount; piece++) {
      if (this.#done[piece] === 0) bytes += this.#layout.pieceAt(piece).length;
    }
    return bytes;
  }

  /** The pieces of a unit that are not done are taken from the source which was asked for them. */
  taken({ firstPiece, pieceCount }: WorkUnit): void {
    for (let piece = firstPiece as number; piece < firstPiece + pieceCount; piece++) {
      if (this.#done[piece] === 0) this.#taken.set(piece, this.#timesTaken(piece) + 1);
    }
  }

  /** How often the piece of a unit that was taken most often was taken, of those that are not done. */
  mostTaken({ firstPiece, pieceCount }: WorkUnit): number {
    let most = 0;
    for (let piece = firstPiece as number; piece < firstPiece + pieceCount; piece++) {
      if (this.#done[piece] === 0) most = Math.max(most, this.#timesTaken(piece));
    }
    return most;
  }

  #timesTaken(piece: number): number {
    return this.#taken.get(piece) ?? 0;
  }

  #opened(piece: number, by: 1 | -1): void {
    this.#openCount += by;
    this.#openBytes += by * this.#layout.pieceAt(piece).length;
  }

  #firstOf(takes: (piece: number) => boolean, from: number, end: number): number | null {
    for (let piece = from; piece < end; piece++) if (takes(piece)) return piece;
    return null;
  }

  #run(first: number, maxBytes: number, takes: (piece: number) => boolean): WorkUnit {
    const { fileIndex, path, offset, length: firstLength } = this.#layout.pieceAt(first);
    const fileEnd = this.#layout.piecesOfFile(fileIndex).end;
    let length = firstLength;
    let end = first + 1;
    for (; end < fileEnd && takes(end); end++) {
      const next = this.#layout.pieceAt(end).length;
      if (length + next > maxBytes) break;
      length += next;
    }
    return { fileIndex, path, firstPiece: asPieceIndex(first), pieceCount: end - first, offset, length };
  }
}
