import { DIGEST_BYTES, type PeerId, type PieceIndex } from "@lanspread/proto";
import type { Endpoint } from "@lanspread/quic";
import {
  type ArrivingPiece,
  createBufferPool,
  fetchUnit,
  LaneError,
  ProgressLimit,
} from "../transfer/index.ts";
import { TELL_BYTES_MS } from "./constants.ts";
import type { FlushPace } from "./flush-pace.ts";
import { LaneConnections, type LaneConnectionsOptions, laneKey } from "./lane-connections.ts";
import { LaneFiles } from "./lane-files.ts";
import type { FetchOrder, FromLane } from "./messages.ts";
import { Turns } from "./turns.ts";
import { tellFailure, type UnitFailure } from "./unit-failure.ts";

export interface LaneFetcherOptions {
  readonly endpoint: Pick<Endpoint, "dial">;
  readonly identify: LaneConnectionsOptions["identify"];
  readonly tell: (message: FromLane) => void;
  /** What flushes took before. */
  readonly pace: FlushPace;
}

interface Running {
  readonly limit: ProgressLimit;
  readonly ended: Promise<void>;
  /** Nobody wants it any more. */
  isCancelled: boolean;
}

/** Fetches units into files, as the main thread orders. */
export class LaneFetcher {
  readonly #tell: (message: FromLane) => void;
  readonly #connections: LaneConnections;
  readonly #pace: FlushPace;
  readonly #buffers = createBufferPool();
  readonly #files = new Map<FetchOrder["download"], LaneFiles>();
  readonly #turns = new Turns<FetchOrder>((order) => this.#begin(order));
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
    this.#turns.take(laneKey(order.source), order);
  }

  cancel(id: FetchOrder["id"]): void {
    const running = this.#running.get(id);
    if (running !== undefined) cancel(running);
    else if (this.#turns.leave(id)) this.#tell({ type: "ended", id, failure: { kind: "cancelled" } });
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
    this.#endWaiting({ kind: "cancelled" });
    const running = [...this.#running.values()];
    for (const each of running) cancel(each);
    await Promise.all(running.map(({ ended }) => ended));
    await Promise.all([...this.#files.keys()].map((download) => this.closeFiles(download)));
    this.#connections.close();
    clearTimeout(this.#timer);
  }

  #begin(order: FetchOrder): void {
    const { id, gameId, unit, noProgressMs } = order;
    // One for both ends that a unit may have: of small files, each signal is a good part of the work.
    const limit = new ProgressLimit(noProgressMs, `fetching ${gameId}/${unit.path}`);
    const ended = this.#fetch(order, limit).then((failure) => this.#ended(order, failure));
    this.#running.set(id, { limit, ended, isCancelled: false });
  }

  #ended(order: FetchOrder, failure: UnitFailure | null): void {
    const { id } = order;
    const running = this.#running.get(id);
    this.#running.delete(id);
    running?.limit[Symbol.dispose]();
    this.#tellBytesOf(id);
    const isCancelled = failure !== null && running?.isCancelled === true;
    this.#tell({ type: "ended", id, failure: isCancelled ? { kind: "cancelled" } : failure });
    // Whatever is wrong with the connection, those who wait for it need not find it out one after the other.
    if (failure?.kind === "lane" && !isCancelled) this.#endWaiting(failure, laneKey(order.source));
    this.#turns.ended(laneKey(order.source));
  }

  /** Of one lane of a source, or of all. */
  #endWaiting(failure: UnitFailure, lane?: string): void {
    for (const { id } of this.#turns.leaveAll(lane)) this.#tell({ type: "ended", id, failure });
  }

  /** Never rejects. */
  async #fetch(order: FetchOrder, limit: ProgressLimit): Promise<UnitFailure | null> {
    const { id, gameId, manifestHash, unit, source } = order;
    const digests = order.digests === null ? null : Buffer.from(order.digests, "base64");
    const digestOf = (index: PieceIndex): Uint8Array | null => {
      const at = (index - unit.firstPiece) * DIGEST_BYTES;
      return digests?.subarray(at, at + DIGEST_BYTES) ?? null;
    };
    try {
      const files = this.#filesOf(order);
      const channel = await this.#connections.channelTo(source, limit.signal);
      limit.moved();
      await fetchUnit({
        channel,
        gameId,
        manifestHash,
        unit,
        pieceAt: (index) => orderedPiece(order, index),
        digestOf,
        sink: files,
        buffers: this.#buffers,
        limit,
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
      return tellFailure(error);
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

function cancel(running: Running): void {
  running.isCancelled = true;
  running.limit.abort(new LaneError("nobody wants it any more"));
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
