import type { PeerId, PieceIndex, PieceLayout } from "@lanspread/proto";
import type { FinishedChunk } from "./types.ts";

/** Pieces of one file, in order, as runs without gaps. */
export function chunksOf(
  layout: PieceLayout,
  pieces: readonly PieceIndex[],
  peerId: PeerId,
): FinishedChunk[] {
  const chunks: FinishedChunk[] = [];
  for (const index of pieces) {
    const { path, offset, length } = layout.pieceAt(index);
    const last = chunks.at(-1);
    if (last !== undefined && last.path === path && last.offset + last.length === offset) {
      chunks[chunks.length - 1] = { ...last, length: last.length + length, pieces: last.pieces + 1 };
    } else {
      chunks.push({ peerId, path, offset, length, pieces: 1 });
    }
  }
  return chunks;
}
