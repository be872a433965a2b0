import { type GameId, type Hash, TAG } from "@lanspread/proto";
import { PeerError } from "../../errors/index.ts";
import type { UnpackedFile } from "../../install/index.ts";
import { requireSpace } from "../../install/space.ts";
import { type Logger, silentLogger, UNPACK_LOGGER } from "../../logger.ts";
import { NO_PROGRESS_MS, ProgressLimit, type RawChannel, SinkError } from "../../transfer/index.ts";
import { FIRST_FRAME_MS } from "./constants.ts";
import { type ExpectedArchives, packedBytesBehind } from "./expected-archives.ts";
import { FrameReader } from "./frame-reader.ts";
import type { PieceCheck } from "./piece-check.ts";
import { SourceFault } from "./source-fault.ts";
import { StagingWriter } from "./staging-writer.ts";
import { type StreamAction, StreamOrder } from "./stream-order.ts";

/** How far a stream is. */
export interface StreamProgress {
  /** Bytes of files that have come. */
  readonly doneBytes: number;
  /** Bytes of all files; of archives that have not begun, what they take packed. */
  readonly totalBytes: number;
  /** Bytes of the files of all archives that have begun: at least so much is needed on the disk. */
  readonly knownBytes: number;
}

export interface ReceiveStreamOptions {
  readonly channel: RawChannel;
  readonly gameId: GameId;
  readonly manifestHash: Hash;
  readonly expected: ExpectedArchives;
  /** Null where nobody knows the digests of what comes. */
  readonly pieces: PieceCheck | null;
  /** Absolute path of an existing directory that nobody else writes to. */
  readonly staging: string;
  readonly signal?: AbortSignal;
  readonly logger?: Logger;
  /** Called whenever something has come. */
  readonly onProgress?: (progress: StreamProgress) => void;
  /** Milliseconds without a byte after which the source is given up. */
  readonly noProgressMs?: number;
  /** Milliseconds that the source has for its first frame. */
  readonly firstFrameMs?: number;
}

/**
 * Fetches a game unpacked from one source. Every name, size and checksum is checked as it comes. Memory is bounded, and a
 * slow disk holds the source back. When it ends, in either way, nothing is under way and no file open any more; what
 * was written stays: the directory is for the caller to clear. Nothing is flushed.
 *
 * @returns the files, each path once.
 * @throws SourceFault, SinkError; WireError, PeerError `timeout`, and what the channel says, all of which are the source's fault
 *   as well; what the signal says.
 */
export async function receiveStream(options: ReceiveStreamOptions): Promise<readonly UnpackedFile[]> {
  const { channel, gameId, manifestHash, signal, firstFrameMs = FIRST_FRAME_MS } = options;
  using first = new ProgressLimit(firstFrameMs, `waiting for ${gameId}`, signal);
  const answer = await channel.requestRaw(
    { type: "stream_install", game_id: gameId, manifest_hash: manifestHash },
    { signal: first.signal },
  );
  try {
    using limit = new ProgressLimit(options.noProgressMs ?? NO_PROGRESS_MS, `streaming ${gameId}`, signal);
    // What the own disk has taken counts as well: its pauses are not the source's.
    const moved = (): void => limit.moved();
    const reader = new FrameReader({ answer, onBytes: moved });
    const receiver = new Receiver(options, new StagingWriter(options.staging, moved));
    return await receiver.run(reader, { first: first.signal, rest: limit.signal });
  } finally {
    answer.cancel();
  }
}

interface Signals {
  /** Until the first frame has come. */
  readonly first: AbortSignal;
  readonly rest: AbortSignal;
}

/** One stream on its way to the disk. */
class Receiver {
  readonly #options: ReceiveStreamOptions;
  readonly #log: Logger;
  readonly #writer: StagingWriter;
  readonly #order: StreamOrder;
  readonly #files = new Map<string, UnpackedFile>();
  #knownBytes = 0;
  #packedBytesBehind = 0;

  constructor(options: ReceiveStreamOptions, writer: StagingWriter) {
    this.#options = options;
    this.#log = (options.logger ?? silentLogger).child(UNPACK_LOGGER);
    this.#writer = writer;
    this.#order = new StreamOrder(options.expected);
  }

  async run(reader: FrameReader, { first, rest }: Signals): Promise<readonly UnpackedFile[]> {
    try {
      for (let signal = first; ; signal = rest) {
        const frame = await reader.next(signal);
        if (frame.tag === TAG.data) {
          await this.#takeBytes(reader, frame.length, rest);
          continue;
        }
        const action = this.#order.control(frame.message);
        if (action.kind === "complete") break;
        await this.#do(action);
      }
      await reader.end(rest);
      await this.#writer.settle();
      this.#log.info("everything has come", { gameId: this.#options.gameId, ...this.#order.totals });
      return [...this.#files.values()];
    } finally {
      await this.#writer.close();
    }
  }

  async #takeBytes(reader: FrameReader, length: number, signal: AbortSignal): Promise<void> {
    this.#order.data(length);
    for (let left = length; left > 0; ) {
      const room = await this.#writer.room();
      const count = await reader.some(room.subarray(0, Math.min(left, room.length)), signal);
      this.#options.pieces?.take(room.subarray(0, count));
      this.#writer.filled(count);
      left -= count;
    }
    this.#report();
  }

  async #do(action: Exclude<StreamAction, { kind: "complete" }>): Promise<void> {
    const { gameId } = this.#options;
    switch (action.kind) {
      case "archive":
        this.#log.info("an archive comes unpacked", {
          gameId,
          archive: action.name,
          bytes: action.unpackedBytes,
        });
        // A later archive may bring a file anew.
        await this.#writer.settle();
        await this.#requireSpace(action.unpackedBytes);
        this.#knownBytes += action.unpackedBytes;
        this.#packedBytesBehind = packedBytesBehind(this.#options.expected, action.name);
        return this.#report();
      case "directory":
        this.#log.debug("a folder", { gameId, path: action.path });
        return this.#writer.directory(action.path);
      case "file":
        this.#log.debug("a file", { gameId, path: action.path, size: action.size });
        this.#options.pieces?.begin(action.path);
        return this.#writer.begin(action.path, action.mtime);
      case "file-end": {
        const file = this.#writer.end();
        if (file.crc32 !== action.crc32) {
          throw new SourceFault("wrong", `${JSON.stringify(file.path)} has another checksum than it says`);
        }
        this.#files.set(file.path, file);
      }
    }
  }

  /** What the source says may be a lie, so another one is asked before the user is. */
  async #requireSpace(bytes: number): Promise<void> {
    try {
      await requireSpace(this.#options.staging, bytes);
    } catch (error) {
      if (!(error instanceof PeerError) || error.code !== "disk-full") throw new SinkError(error);
      throw new SourceFault("no-room", error.message, { cause: error });
    }
  }

  #report(): void {
    const { bytes } = this.#order.totals;
    this.#options.onProgress?.({
      doneBytes: bytes,
      totalBytes: this.#knownBytes + this.#packedBytesBehind,
      knownBytes: this.#knownBytes,
    });
  }
}
