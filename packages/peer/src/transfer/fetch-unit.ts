import { createHash, hash as hashAtOnce, webcrypto } from "node:crypto";
import {
  type GameId,
  type Hash,
  MAX_CHUNK_BYTES,
  type PieceIndex,
  type WireErrorCode,
} from "@lanspread/proto";
import type { BufferPool } from "./buffer-pool.ts";
import { HASHED_ELSEWHERE_BYTES, TRANSFER_BUFFER_BYTES, WRITES_AHEAD } from "./constants.ts";
import type { ProgressLimit } from "./progress-limit.ts";
import type { DataAnswer, RequestChannel } from "./request-channel.ts";
import { readFully } from "./request-stream.ts";
import type { WorkUnit } from "./work-unit.ts";

/** Where pieces go. */
export interface PieceSink {
  /** The bytes may be used again when it resolves. */
  write(fileIndex: number, bytes: Uint8Array, offset: number): Promise<void>;
}

/** The source answered, and not with the bytes that were asked for. */
export class SourceError extends Error {
  override readonly name = "SourceError";
  /** What the source said; null where it said nothing and sent the wrong amount. */
  readonly code: WireErrorCode | null;
  readonly retryable: boolean;

  constructor(code: WireErrorCode | null, message: string, retryable: boolean) {
    super(message);
    this.code = code;
    this.retryable = retryable;
  }
}

/** The own side could not take the bytes; `cause` is what the sink said. No fault of the source. */
export class SinkError extends Error {
  override readonly name = "SinkError";

  constructor(cause: unknown) {
    super("the bytes could not be written", { cause });
  }
}

export interface FetchUnitOptions {
  readonly channel: RequestChannel;
  readonly gameId: GameId;
  readonly manifestHash: Hash;
  readonly unit: WorkUnit;
  /** The pieces of the unit. */
  readonly pieceAt: (index: PieceIndex) => ArrivingPiece;
  /** The digest of a piece, 32 bytes; null where nobody knows it: then whatever comes counts as right. */
  readonly digestOf: (index: PieceIndex) => Uint8Array | null;
  readonly sink: PieceSink;
  readonly buffers: BufferPool;
  /** Ends it where the source sends nothing for too long, and where nobody wants it any more. */
  readonly limit: Pick<ProgressLimit, "signal" | "moved">;
  /** So many bytes have come, right or wrong. */
  readonly onBytes?: (count: number) => void;
  /** A piece is right, and the sink has it. */
  readonly onPiece: (index: PieceIndex, digest: Uint8Array) => void;
  /** A piece was thrown away: its digest is another one. */
  readonly onWrongPiece: (index: PieceIndex) => void;
}

/**
 * Fetches a unit from one source. Every piece is hashed while it arrives and counts only when its digest is right; up to
 * {@link TRANSFER_BUFFER_BYTES} it is not even written before. Memory is bounded whatever the size of the pieces.
 *
 * When it ends, in either way, no write is under way any more.
 *
 * @throws SourceError, SinkError, and what the channel and the limit say. Pieces
 *   that were reported before stay right.
 */
export async function fetchUnit(options: FetchUnitOptions): Promise<void> {
  const { unit, pieceAt, channel, gameId, manifestHash, limit } = options;
  const source = new RangeReader({
    channel,
    unit,
    ask: (offset, length) => ({
      type: "get_game_file_chunk" as const,
      game_id: gameId,
      manifest_hash: manifestHash,
      path: unit.path,
      offset,
      length,
    }),
    signal: limit.signal,
    onBytes: (count) => {
      limit.moved();
      options.onBytes?.(count);
    },
  });
  const settling: Promise<void>[] = [];
  try {
    for (let index = unit.firstPiece as number; index < unit.firstPiece + unit.pieceCount; index++) {
      const piece = pieceAt(index as PieceIndex);
      const receive = piece.length <= TRANSFER_BUFFER_BYTES ? receivePiece : receiveLargePiece;
      const { settled } = await receive(source, piece, options);
      settling.push(settled);
      if (settling.length > WRITES_AHEAD) await settling.shift();
    }
    await source.end();
    await Promise.all(settling);
  } finally {
    source.cancel();
    await Promise.allSettled(settling);
  }
}

/** A piece and where it belongs. Offset and length in bytes. */
export interface ArrivingPiece {
  readonly index: PieceIndex;
  readonly fileIndex: number;
  readonly offset: number;
  readonly length: number;
}

/** All bytes of a piece have come. */
interface Received {
  /** The piece was verified, written and reported, or thrown away and reported. */
  readonly settled: Promise<void>;
}

/** A piece that fits in a buffer: it is hashed at once, by another thread where that is worth the way, and written when it is right. */
async function receivePiece(
  source: RangeReader,
  piece: ArrivingPiece,
  options: FetchUnitOptions,
): Promise<Received> {
  const { buffers } = options;
  // Units wait for their turn at the source by the dozen, and without a buffer.
  await source.ready();
  const buffer = buffers.take(piece.length);
  const bytes = buffer.subarray(0, piece.length);
  await source.fill(bytes);
  const settle = async (): Promise<void> => {
    const digest =
      piece.length < HASHED_ELSEWHERE_BYTES
        ? hashAtOnce("sha256", bytes, "buffer")
        : new Uint8Array(await webcrypto.subtle.digest("SHA-256", bytes));
    if (!isRight(digest, piece, options)) {
      buffers.give(buffer);
      options.onWrongPiece(piece.index);
      return;
    }
    await write(piece.fileIndex, { buffer, length: piece.length, offset: piece.offset }, options);
    options.onPiece(piece.index, digest);
  };
  return { settled: awaitedLater(settle()) };
}

/** A piece that is hashed and written part by part while it arrives. */
async function receiveLargePiece(
  source: RangeReader,
  piece: ArrivingPiece,
  options: FetchUnitOptions,
): Promise<Received> {
  const { buffers } = options;
  const hash = createHash("sha256");
  const writes: Promise<void>[] = [];
  let last: Part | undefined;
  try {
    for (let done = 0; done < piece.length; ) {
      if (last !== undefined) {
        const part = last;
        last = undefined;
        writes.push(awaitedLater(write(piece.fileIndex, part, options)));
        if (writes.length > WRITES_AHEAD) await writes[writes.length - 1 - WRITES_AHEAD];
      }
      const length = Math.min(TRANSFER_BUFFER_BYTES, piece.length - done);
      await source.ready();
      const buffer = buffers.take(length);
      last = { buffer, length, offset: piece.offset + done };
      await source.fill(buffer.subarray(0, length), (bytes) => hash.update(bytes));
      done += length;
    }
  } catch (error) {
    await Promise.allSettled(writes);
    throw error;
  }
  const digest = hash.digest();
  if (!isRight(digest, piece, options)) {
    await Promise.allSettled(writes);
    if (last !== undefined) buffers.give(last.buffer);
    options.onWrongPiece(piece.index);
    return { settled: Promise.resolve() };
  }
  if (last !== undefined) writes.push(write(piece.fileIndex, last, options));
  return { settled: awaitedLater(Promise.all(writes).then(() => options.onPiece(piece.index, digest))) };
}

/** Bytes on their way to a file. */
interface Part {
  readonly buffer: Buffer;
  readonly length: number;
  /** In the file. */
  readonly offset: number;
}

/** Writes a part and gives its buffer back. */
async function write(
  fileIndex: number,
  { buffer, length, offset }: Part,
  { sink, buffers }: FetchUnitOptions,
): Promise<void> {
  try {
    await sink.write(fileIndex, buffer.subarray(0, length), offset);
  } catch (error) {
    throw new SinkError(error);
  } finally {
    buffers.give(buffer);
  }
}

function isRight(digest: Uint8Array, { index }: ArrivingPiece, { digestOf }: FetchUnitOptions): boolean {
  const expected = digestOf(index);
  return expected === null || Buffer.compare(digest, expected) === 0;
}

/** A failure is thrown where it is awaited; until then it is not unhandled. */
function awaitedLater(work: Promise<void>): Promise<void> {
  work.catch(() => {});
  return work;
}

interface RangeReaderOptions {
  readonly channel: RequestChannel;
  readonly unit: WorkUnit;
  readonly ask: (offset: number, length: number) => Parameters<RequestChannel["requestData"]>[0];
  readonly signal: AbortSignal;
  readonly onBytes: (count: number) => void;
}

/** The bytes of a unit in order, asked for in ranges of at most {@link MAX_CHUNK_BYTES}. */
class RangeReader {
  readonly #options: RangeReaderOptions;
  #answer: DataAnswer | undefined;
  /** Bytes of the running answer that are still to come. */
  #left = 0;
  #next: number;

  constructor(options: RangeReaderOptions) {
    this.#options = options;
    this.#next = options.unit.offset;
  }

  /**
   * Resolves when the source has begun to send what comes next.
   *
   * @throws SourceError where it refuses
   */
  async ready(): Promise<void> {
    if (this.#left === 0) await this.#askForMore();
  }

  /** @throws SourceError where the source has fewer bytes */
  async fill(into: Uint8Array, see?: (bytes: Uint8Array) => void): Promise<void> {
    const { signal, onBytes } = this.#options;
    for (let filled = 0; filled < into.length; ) {
      await this.ready();
      const wanted = into.subarray(filled, filled + Math.min(this.#left, into.length - filled));
      const count = (await this.#answer?.read(wanted, { signal })) ?? 0;
      if (count === 0) throw wrongAmount(this.#options.unit.path, "ends too early");
      see?.(wanted.subarray(0, count));
      onBytes(count);
      filled += count;
      this.#left -= count;
    }
  }

  /** Takes the end of the last answer. */
  async end(): Promise<void> {
    const answer = this.#answer;
    if (answer === undefined) return;
    const more = await readFully(answer, new Uint8Array(1), { signal: this.#options.signal });
    if (more > 0) throw wrongAmount(this.#options.unit.path, "does not end where it should");
    this.#answer = undefined;
  }

  cancel(): void {
    this.#answer?.cancel();
  }

  async #askForMore(): Promise<void> {
    await this.end();
    const { unit, channel, ask, signal } = this.#options;
    const length = Math.min(MAX_CHUNK_BYTES, unit.offset + unit.length - this.#next);
    const data = await channel.requestData(ask(this.#next, length), { signal });
    this.#answer = data;
    const { answer } = data;
    if (answer.type === "error") throw new SourceError(answer.code, answer.message, answer.retryable);
    if (answer.type !== "file_data" || answer.size !== length) {
      throw wrongAmount(unit.path, `has another size than the ${length} bytes asked for`);
    }
    this.#left = length;
    this.#next += length;
  }
}

function wrongAmount(path: string, how: string): SourceError {
  return new SourceError(null, `the answer for ${path} ${how}`, false);
}
