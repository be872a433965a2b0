import { createHash } from "node:crypto";
import {
  DIGEST_BYTES,
  type GameId,
  type Hash,
  MAX_CHUNK_BYTES,
  type PieceIndex,
  type PieceLayout,
  type WireErrorCode,
} from "@lanspread/proto";
import type { BufferPool } from "./buffer-pool.ts";
import { NO_PROGRESS_MS, TRANSFER_BUFFER_BYTES, WRITES_AHEAD } from "./constants.ts";
import { ProgressLimit } from "./progress-limit.ts";
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
  readonly layout: PieceLayout;
  readonly unit: WorkUnit;
  /** The digests of all pieces, 32 bytes each; null where nobody knows them: then every piece counts as right. */
  readonly digests: Uint8Array | null;
  readonly sink: PieceSink;
  readonly buffers: BufferPool;
  readonly signal?: AbortSignal;
  /** Milliseconds without a byte after which the source is given up. */
  readonly noProgressMs?: number;
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
 * @throws SourceError, SinkError, PeerError `timeout` when nothing moves, and what the channel and the signal say. Pieces
 *   that were reported before stay right.
 */
export async function fetchUnit(options: FetchUnitOptions): Promise<void> {
  const { unit, layout, channel, gameId, manifestHash } = options;
  using limit = new ProgressLimit(
    options.noProgressMs ?? NO_PROGRESS_MS,
    `fetching ${gameId}/${unit.path}`,
    options.signal,
  );
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
  const writing: Promise<void>[] = [];
  try {
    for (let index = unit.firstPiece as number; index < unit.firstPiece + unit.pieceCount; index++) {
      const piece = layout.pieceAt(index);
      const received = await receivePiece(source, piece, options);
      if (received === null) {
        options.onWrongPiece(piece.index);
        continue;
      }
      writing.push(received.written);
      if (writing.length > WRITES_AHEAD) await writing.shift();
    }
    await source.end();
    await Promise.all(writing);
  } finally {
    source.cancel();
    await Promise.allSettled(writing);
  }
}

interface ArrivingPiece {
  readonly index: PieceIndex;
  readonly fileIndex: number;
  readonly offset: number;
  readonly length: number;
}

/** @returns null where the piece is wrong; else `written`, which ends with the report of it */
async function receivePiece(
  source: RangeReader,
  piece: ArrivingPiece,
  options: FetchUnitOptions,
): Promise<{ readonly written: Promise<void> } | null> {
  const { digests, buffers, sink } = options;
  const hash = createHash("sha256");
  const writes: Promise<void>[] = [];
  const write = async (buffer: Buffer, length: number, offset: number): Promise<void> => {
    try {
      await sink.write(piece.fileIndex, buffer.subarray(0, length), offset);
    } catch (error) {
      throw new SinkError(error);
    } finally {
      buffers.give(buffer);
    }
  };
  let last: { readonly buffer: Buffer; readonly length: number; readonly offset: number } | undefined;
  try {
    for (let done = 0; done < piece.length; ) {
      if (last !== undefined) {
        const { buffer, length, offset } = last;
        last = undefined;
        writes.push(awaitedLater(write(buffer, length, offset)));
        if (writes.length > WRITES_AHEAD) await writes[writes.length - 1 - WRITES_AHEAD];
      }
      const length = Math.min(TRANSFER_BUFFER_BYTES, piece.length - done);
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
  const start = piece.index * DIGEST_BYTES;
  if (digests !== null && !digest.equals(digests.subarray(start, start + DIGEST_BYTES))) {
    await Promise.allSettled(writes);
    if (last !== undefined) buffers.give(last.buffer);
    return null;
  }
  if (last !== undefined) writes.push(write(last.buffer, last.length, last.offset));
  return { written: awaitedLater(Promise.all(writes).then(() => options.onPiece(piece.index, digest))) };
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

  /** @throws SourceError where the source has fewer bytes */
  async fill(into: Uint8Array, see: (bytes: Uint8Array) => void): Promise<void> {
    const { signal, onBytes } = this.#options;
    for (let filled = 0; filled < into.length; ) {
      if (this.#left === 0) await this.#askForMore();
      const wanted = into.subarray(filled, filled + Math.min(this.#left, into.length - filled));
      const count = (await this.#answer?.read(wanted, { signal })) ?? 0;
      if (count === 0) throw wrongAmount(this.#options.unit.path, "ends too early");
      see(wanted.subarray(0, count));
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
