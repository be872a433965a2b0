import type { GameVersion, PieceIndex } from "./ids.ts";
import { MAX_PIECE_BYTES, MAX_PIECES, MIN_PIECE_BYTES } from "./limits.ts";

/** One file of a game: path relative to the game root, size in bytes. */
export interface ManifestFile {
  readonly path: string;
  readonly size: number;
}

/** A piece: a run of bytes of one file, verified by itself. Offsets and lengths in bytes. */
export interface Piece {
  readonly index: PieceIndex;
  readonly fileIndex: number;
  readonly path: string;
  readonly offset: number;
  readonly length: number;
}

const encoder = new TextEncoder();

/**
 * Piece size of a game, bytes: 1 MiB, doubled until the game has at most 16,384 pieces.
 *
 * Every file that is not empty has a last, mostly short piece of its own, so a game of many small files can have more
 * than that at any piece size. Doubling therefore also ends where it would lessen nothing (every file is one piece) and
 * at {@link MAX_PIECE_BYTES}: 20,000 small files must not make the one large file beside them a single piece of many
 * GiB, which a flipped bit would cost again.
 */
export function pieceSizeFor(files: Iterable<{ readonly size: number }>): number {
  const list: readonly { readonly size: number }[] = Array.isArray(files) ? files : [...files];
  const largest = list.reduce((most, { size }) => Math.max(most, size), 0);
  let pieceSize = MIN_PIECE_BYTES;
  while (pieceSize < largest && pieceSize < MAX_PIECE_BYTES && countPieces(list, pieceSize) > MAX_PIECES) {
    pieceSize *= 2;
  }
  return pieceSize;
}

/** Pieces that files make: each file's bytes are cut by themselves, an empty one makes none. */
export function countPieces(files: readonly { readonly size: number }[], pieceSize: number): number {
  return files.reduce((pieces, { size }) => pieces + Math.ceil(size / pieceSize), 0);
}

/** Orders paths by their UTF-8 bytes, which is the order of a manifest. */
export function comparePaths(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    const left = a.charCodeAt(index);
    const right = b.charCodeAt(index);
    if (left === right) continue;
    // UTF-16 puts surrogates (code points from U+10000) below U+E000 to U+FFFF; UTF-8 puts them above.
    return rank(left) - rank(right);
  }
  return a.length - b.length;
}

function rank(unit: number): number {
  return unit >= 0xd800 && unit < 0xe000 ? unit + 0x10000 : unit;
}

/** The bytes whose SHA-256 is the manifest_hash. `files` must be in manifest order. */
export function canonicalManifestBytes(version: GameVersion, files: readonly ManifestFile[]): Uint8Array {
  const list = files.map((file) => [file.path, file.size]);
  return encoder.encode(JSON.stringify(["lanspread-manifest", 1, version, list]));
}

/** How a manifest's files are cut into pieces. Looking a piece up costs the logarithm of the number of files. */
export class PieceLayout {
  readonly pieceSize: number;
  readonly files: readonly ManifestFile[];
  /** Bytes of the game. */
  readonly totalBytes: number;
  /** Index of the first piece of each file, and behind the last file the number of all pieces. */
  readonly #firstPiece: readonly number[];

  constructor(manifest: { readonly piece_size: number; readonly files: readonly ManifestFile[] }) {
    this.pieceSize = manifest.piece_size;
    this.files = manifest.files;
    const firstPiece = [0];
    let count = 0;
    for (const file of manifest.files) {
      count += Math.ceil(file.size / manifest.piece_size);
      firstPiece.push(count);
    }
    this.#firstPiece = firstPiece;
    this.totalBytes = manifest.files.reduce((sum, file) => sum + file.size, 0);
  }

  /** Number of pieces of the game. */
  get pieceCount(): number {
    return this.#firstPiece[this.files.length] ?? 0;
  }

  /** @throws RangeError where the game has no such piece */
  pieceAt(index: number): Piece {
    if (!Number.isInteger(index) || index < 0 || index >= this.pieceCount) {
      throw new RangeError(`piece ${index} of ${this.pieceCount}`);
    }
    const fileIndex = this.#fileOf(index);
    const file = this.files[fileIndex];
    const first = this.#firstPiece[fileIndex];
    if (file === undefined || first === undefined) throw new RangeError(`piece ${index} belongs to no file`);
    const offset = (index - first) * this.pieceSize;
    return {
      index: index as PieceIndex,
      fileIndex,
      path: file.path,
      offset,
      length: Math.min(this.pieceSize, file.size - offset),
    };
  }

  /** Indices of the pieces of one file: from `first` up to, without, `end`. An empty file has none. */
  piecesOfFile(fileIndex: number): { readonly first: number; readonly end: number } {
    const first = this.#firstPiece[fileIndex];
    const end = this.#firstPiece[fileIndex + 1];
    if (first === undefined || end === undefined)
      throw new RangeError(`file ${fileIndex} of ${this.files.length}`);
    return { first, end };
  }

  /** The file that holds a piece: the last one whose first piece is not behind it. */
  #fileOf(index: number): number {
    let low = 0;
    let high = this.files.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((this.#firstPiece[middle] ?? 0) <= index) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

/** How the files of `manifest` are cut into pieces. Costs the number of files once. */
export function pieceLayout(manifest: {
  readonly piece_size: number;
  readonly files: readonly ManifestFile[];
}): PieceLayout {
  return new PieceLayout(manifest);
}
