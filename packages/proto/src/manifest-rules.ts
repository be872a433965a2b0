import { MAX_MANIFEST_PIECES } from "./limits.ts";
import { comparePaths, countPieces, type ManifestFile, pieceSizeFor } from "./manifest.ts";
import { checkPathSet, checkWirePath, describeRefusal } from "./paths.ts";

/**
 * Why a manifest's list may not be used, as a sentence that names the path; null where nothing is wrong. Checks that
 * every path keeps the path rules, that all paths can lie beside each other, that the list is in order, and that the
 * piece size is the one that follows from the sizes.
 */
export function manifestProblem(manifest: {
  readonly piece_size: number;
  readonly files: readonly ManifestFile[];
}): string | null {
  const { files, piece_size: pieceSize } = manifest;
  for (const { path } of files) {
    const refusal = checkWirePath(path);
    if (refusal !== null) return describeRefusal(refusal);
  }
  const clash = checkPathSet(files.map((file) => file.path));
  if (clash !== null) return describeRefusal(clash);
  for (let index = 1; index < files.length; index++) {
    const [before, file] = [files[index - 1], files[index]];
    if (before !== undefined && file !== undefined && comparePaths(before.path, file.path) >= 0) {
      return `${JSON.stringify(file.path)}: the list is not in order`;
    }
  }
  const expected = pieceSizeFor(files);
  if (pieceSize !== expected) return `the piece size is ${pieceSize}, for these files it is ${expected}`;
  const pieces = countPieces(files, pieceSize);
  return pieces > MAX_MANIFEST_PIECES
    ? `the game has ${pieces} pieces, ${MAX_MANIFEST_PIECES} are allowed`
    : null;
}
