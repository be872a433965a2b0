import type { PieceIndex } from "@lanspread/proto";

/** A run of consecutive pieces of one file, asked of one source at once. */
export interface WorkUnit {
  readonly fileIndex: number;
  readonly path: string;
  readonly firstPiece: PieceIndex;
  readonly pieceCount: number;
  /** Where the run begins in its file, bytes. */
  readonly offset: number;
  /** Bytes. */
  readonly length: number;
}
