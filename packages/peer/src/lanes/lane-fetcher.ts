import { DIGEST_BYTES, type PeerId, type PieceIndex } from "@lanspread/proto";
import type { Endpoint } from "@lanspread/quic";
import { type ArrivingPiece, createBufferPool, fetchUnit } from "../transfer/index.ts";
import { TELL_BYTES_MS } from "./constants.ts";
import type { FlushPace } from "./flush-pace.ts";
import { LaneConnections, type LaneConnectionsOptions } from "./lane-connections.ts";
import { LaneFiles } from "./lane-files.ts";
import type { FetchOrder, FromLane } from "./messages.ts";
import { tellFailure, type UnitFailure } from "./unit-failure.ts";

export interface LaneFetcherOptions {
  readonly endpoint: Pick<Endpoint, "dial">;
  readonly identify: LaneConnectionsOptions["identify"];
  readonly tell: (message: FromLane) => void;
  /** What flushes took before. */
  readonly pace: FlushPace;
}

interface Running {
  readonly controller: AbortController;
  readonly ended: Promise<void>;
}

/** Fetches units into files, as the main thread orders. */
export class LaneFetcher {
  readonly #tell: (message: FromLane) => void;
  readonly #connections: LaneConnections;
  readonly #pace: FlushPace;
  readonly #buffers = createBufferPool();
  readonly #files = new Map<FetchOrder["download"], LaneFiles>();
  readonly #running = new Map<FetchOrder["id"], Running>();
  /** Bytes that were not told yet. */
  readonly #bytes = new Map<FetchOrder["id"], number>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: LaneFetcherOptions) {
    this.#tell = options.tell;
    this.#pace = options.pace;
    this.#connections = new LaneConnections(options);
  }

  fetch(order: FetchOrder): void {
    const controller = new AbortController();
    const ended = this.#fetch(order, controller.signal).then((failure) => {
      this.#running.delete(order.id);
      this.#tellBytesOf(order.id);
      this.#tell({ type: "ended", id: order.id, failure });
    });
    this.#running.set(order.id, { controller, ended });
  }

  cancel(id: FetchOrder["id"]): void {
    this.#running.get(id)?.controller.abort();
  }

  async closeFiles(download: FetchOrder["download"]): Promise<void> {
    const files = this.#files.get(download);
    this.#files.delete(download);
    await files?.close();
  }

  /** The peer is gone: what is being fetched from it fails at once. */
  drop(peerId: PeerId): void {
    this.#connections.drop(peerId);
  }

  async close(): Promise<void> {
    const running = [...this.#running.values()];
    for (const { controller } of running) controller.abort();
    await Promise.all(running.map(({ ended }) => ended));
    await Promise.all([...this.#files.keys()].map((download) => this.closeFiles(download)));
    this.#connections.close();
    clearTimeout(this.#timer);
  }

  /** Never rejects. */
  async #fetch(order: FetchOrder, signal: AbortSignal): Promise<UnitFailure | null> {
    const { id, gameId, manifestHash, unit, source, noProgressMs } = order;
    const digests = order.digests === null ? null : Buffer.from(order.digests, "latin1");
    const digestOf = (index: PieceIndex): Uint8Array | null => {
      const at = (index - unit.firstPiece) * DIGEST_BYTES;
      return digests?.subarray(at, at + DIGEST_BYTES) ?? null;
    };
    try {
      const files = this.#filesOf(order);
      const channel = await this.#connections.channelTo(source, signal);
      await fetchUnit({
        channel,
        gameId,
        manifestHash,
        unit,
        pieceAt: (index) => orderedPiece(order, index),
        digestOf,
        sink: files,
        buffers: this.#buffers,
        signal,
        noProgressMs,
        onBytes: (count) => this.#came(id, count),
        onPiece: (index, digest) =>
          this.#tell({
            ...{ type: "piece", id, index },
            digest: digests === null ? ownBytes(digest) : null,
            isFlushed: files.isFlushed(unit.fileIndex),
          }),
        onWrongPiece: (index) => this.#tell({ type: "wrong", id, index }),
      });
      return null;
    } catch (error) {
      return signal.aborted ? { kind: "cancelled" } : tellFailure(error);
    }
  }

  #filesOf({ download, root, unit, identity }: FetchOrder): LaneFiles {
    let files = this.#files.get(download);
    if (files === undefined) {
      files = new LaneFiles(root, { pace: this.#pace });
      this.#files.set(download, files);
    }
    files.name(unit.fileIndex, unit.path, identity);
    return files;
  }

  /** The timer stays: the next bytes would only set it anew. */
  #tellBytesOf(id: FetchOrder["id"]): void {
    const count = this.#bytes.get(id);
    if (count === undefined) return;
    this.#bytes.delete(id);
    this.#tell({ type: "bytes", counts: [[id, count]] });
  }

  #came(id: FetchOrder["id"], count: number): void {
    this.#bytes.set(id, (this.#bytes.get(id) ?? 0) + count);
    this.#timer ??= setTimeout(() => this.#tellBytes(), TELL_BYTES_MS);
  }

  #tellBytes(): void {
    this.#timer = undefined;
    if (this.#bytes.size === 0) return;
    const counts = [...this.#bytes];
    this.#bytes.clear();
    this.#tell({ type: "bytes", counts });
  }
}

function orderedPiece({ unit, pieceBytes }: FetchOrder, index: PieceIndex): ArrivingPiece {
  const before = (index - unit.firstPiece) * pieceBytes;
  if (before < 0 || before >= unit.length) throw new RangeError(`piece ${index} was not ordered`);
  const length = Math.min(pieceBytes, unit.length - before);
  return { index, fileIndex: unit.fileIndex, offset: unit.offset + before, length };
}

/** The bytes alone: what is sent to another thread is the whole memory behind them. */
function ownBytes(digest: Uint8Array): Uint8Array {
  const own = new Uint8Array(DIGEST_BYTES);
  own.set(digest);
  return own;
}
