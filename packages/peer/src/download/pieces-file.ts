import { DIGEST_BYTES, type Hash, hashBytes, sha256 } from "@lanspread/proto";

/**
 * The file `pieces`: which pieces of a download are safely on disk, and which may be there.
 *
 *     bytes 0-7    "lspieces"
 *     bytes 8-11   format, 1
 *     bytes 12-15  number of pieces
 *     bytes 16-47  manifest_hash
 *     then         one bit per piece, first piece in the lowest bit: verified, and flushed
 *     then         SHA-256 of everything before it
 *     then         any number of runs, 8 bytes each: first piece, pieces. Begun after the flush
 *
 * Numbers are unsigned, 32 bits, little-endian. A flipped bit must not make a piece that never came a safe one: hence the
 * digest. The head and the bits are written durably, the runs are appended as they
 * begin and are not flushed: they survive a killed process, and after a power cut the bytes they speak of are gone too.
 */
export interface PiecesFile {
  /** A byte per piece: 1 where it is verified and flushed. */
  readonly done: Uint8Array;
  /** Pieces that may be on disk: to be verified before they count. */
  readonly begun: readonly PieceRun[];
}

export interface PieceRun {
  readonly first: number;
  readonly count: number;
}

const MAGIC = Buffer.from("lspieces", "latin1");
const FORMAT = 1;
const COUNT_AT = 12;
const HASH_AT = 16;
const BITS_AT = HASH_AT + DIGEST_BYTES;
const RUN_BYTES = 8;

export function encodePieces(manifestHash: Hash, done: Uint8Array, begun: readonly PieceRun[]): Uint8Array {
  const digestAt = BITS_AT + Math.ceil(done.length / 8);
  const runsAt = digestAt + DIGEST_BYTES;
  const bytes = Buffer.alloc(runsAt + begun.length * RUN_BYTES);
  MAGIC.copy(bytes);
  bytes.writeUInt32LE(FORMAT, MAGIC.length);
  bytes.writeUInt32LE(done.length, COUNT_AT);
  bytes.set(hashBytes(manifestHash), HASH_AT);
  for (let piece = 0; piece < done.length; piece++) {
    if (done[piece] === 0) continue;
    const at = BITS_AT + (piece >> 3);
    bytes[at] = (bytes[at] ?? 0) | (1 << (piece & 7));
  }
  bytes.set(sha256(bytes.subarray(0, digestAt)), digestAt);
  for (const [index, run] of begun.entries()) bytes.set(encodeRun(run), runsAt + index * RUN_BYTES);
  return bytes;
}

export function encodeRun({ first, count }: PieceRun): Uint8Array {
  const bytes = Buffer.alloc(RUN_BYTES);
  bytes.writeUInt32LE(first, 0);
  bytes.writeUInt32LE(count, 4);
  return bytes;
}

/**
 * Reads what {@link encodePieces} wrote, and the runs behind it up to the first one that is torn.
 *
 * @returns null where it is damaged, or is about another manifest
 */
export function decodePieces(bytes: Uint8Array, manifestHash: Hash, pieceCount: number): PiecesFile | null {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const digestAt = BITS_AT + Math.ceil(pieceCount / 8);
  const runsAt = digestAt + DIGEST_BYTES;
  if (file.length < runsAt || !file.subarray(0, MAGIC.length).equals(MAGIC)) return null;
  if (file.readUInt32LE(MAGIC.length) !== FORMAT || file.readUInt32LE(COUNT_AT) !== pieceCount) return null;
  if (!file.subarray(HASH_AT, BITS_AT).equals(hashBytes(manifestHash))) return null;
  if (!file.subarray(digestAt, runsAt).equals(sha256(file.subarray(0, digestAt)))) return null;
  const done = new Uint8Array(pieceCount);
  for (let piece = 0; piece < pieceCount; piece++) {
    done[piece] = ((file[BITS_AT + (piece >> 3)] ?? 0) >> (piece & 7)) & 1;
  }
  const begun: PieceRun[] = [];
  for (let at = runsAt; at + RUN_BYTES <= file.length; at += RUN_BYTES) {
    const run = { first: file.readUInt32LE(at), count: file.readUInt32LE(at + 4) };
    if (run.count === 0 || run.first + run.count > pieceCount) break;
    begun.push(run);
  }
  return { done, begun };
}
