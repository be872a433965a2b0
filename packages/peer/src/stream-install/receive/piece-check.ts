import { createHash } from "node:crypto";
import { DIGEST_BYTES, type Manifest, pieceLayout } from "@lanspread/proto";
import { SourceFault } from "./source-fault.ts";

/**
 * Holds the bytes of files against the digests of the game's pieces: of a game without archives, whose files come as they
 * are. What is in an archive has no digests.
 *
 * Call order: {@link begin}, then {@link take} for every byte of the file.
 */
export interface PieceCheck {
  /** @param path of a file of the manifest */
  begin(path: string): void;
  /** @throws SourceFault where a piece is complete and another one than the game has */
  take(bytes: Uint8Array): void;
}

/** @param digests 32 bytes per piece, in order */
export function createPieceCheck(manifest: Manifest, digests: Uint8Array): PieceCheck {
  const layout = pieceLayout(manifest);
  const fileIndexes = new Map(manifest.files.map(({ path }, index) => [path, index]));
  let next = 0;
  let hash = createHash("sha256");
  let left = 0;

  const beginPiece = (): void => {
    hash = createHash("sha256");
    left = next < layout.pieceCount ? layout.pieceAt(next).length : 0;
  };
  const endPiece = (): void => {
    const digest = digests.subarray(next * DIGEST_BYTES, (next + 1) * DIGEST_BYTES);
    const { path, offset } = layout.pieceAt(next);
    if (Buffer.compare(hash.digest(), digest) !== 0) {
      throw new SourceFault(
        "wrong",
        `${JSON.stringify(path)} has other bytes than the game from ${offset} on`,
      );
    }
    next += 1;
    beginPiece();
  };
  return {
    begin: (path) => {
      const fileIndex = fileIndexes.get(path);
      if (fileIndex === undefined)
        throw new SourceFault("wrong", `${JSON.stringify(path)} is no file of the game`);
      next = layout.piecesOfFile(fileIndex).first;
      beginPiece();
    },
    take: (bytes) => {
      for (let done = 0; done < bytes.length; ) {
        const part = bytes.subarray(done, done + left);
        if (part.length === 0) throw new Error("more bytes than the game has");
        hash.update(part);
        done += part.length;
        left -= part.length;
        if (left === 0) endPiece();
      }
    },
  };
}
