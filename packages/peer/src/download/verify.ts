import { createHash } from "node:crypto";
import { DIGEST_BYTES, type PieceLayout } from "@lanspread/proto";
import { TRANSFER_BUFFER_BYTES } from "../transfer/index.ts";
import type { Payload } from "./payload.ts";
import type { PiecesFile } from "./pieces-file.ts";

export interface VerifyOptions {
  readonly layout: PieceLayout;
  readonly payload: Payload;
  readonly pieces: PiecesFile;
  readonly digests: Uint8Array | null;
  /** 32 bytes per piece: receives the digests of the pieces that are on disk. */
  readonly ownDigests: Uint8Array;
  readonly signal: AbortSignal;
}

/**
 * Finds out which pieces of an interrupted download are on disk: those that are noted as flushed, and of those that were
 * begun since, the ones whose digest is right. Only the latter are read; where nobody knows the digests it is the former,
 * since their digests become the game's.
 *
 * @returns a byte per piece, 1 where it is there. What was begun is flushed.
 */
export async function verifyResumed(options: VerifyOptions): Promise<Uint8Array> {
  const { layout, payload, pieces, digests, ownDigests, signal } = options;
  const done = Uint8Array.from(pieces.done);
  const buffer = Buffer.allocUnsafe(TRANSFER_BUFFER_BYTES);
  const digestOf = async (index: number): Promise<Buffer | null> => {
    const { fileIndex, offset, length } = layout.pieceAt(index);
    const hash = createHash("sha256");
    for (let at = 0; at < length; ) {
      signal.throwIfAborted();
      const part = buffer.subarray(0, Math.min(buffer.length, length - at));
      if ((await payload.read(fileIndex, part, offset + at)) < part.length) return null;
      hash.update(part);
      at += part.length;
    }
    return hash.digest();
  };
  const found = new Set<number>();
  if (digests === null) {
    for (let piece = 0; piece < done.length; piece++) {
      if (done[piece] === 0) continue;
      const digest = await digestOf(piece);
      if (digest === null) done[piece] = 0;
      else ownDigests.set(digest, piece * DIGEST_BYTES);
    }
    return done;
  }
  ownDigests.set(digests);
  for (const { first, count } of pieces.begun) {
    for (let piece = first; piece < first + count; piece++) {
      if (done[piece] !== 0) continue;
      const at = piece * DIGEST_BYTES;
      if ((await digestOf(piece))?.equals(digests.subarray(at, at + DIGEST_BYTES)) !== true) continue;
      done[piece] = 1;
      found.add(layout.pieceAt(piece).fileIndex);
    }
  }
  // A process that is gone wrote them; the system may still hold what it wrote.
  for (const fileIndex of found) payload.writtenByOthers(fileIndex);
  await payload.flush(found);
  return done;
}
