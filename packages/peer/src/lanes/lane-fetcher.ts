import { DIGEST_BYTES, type PeerId, type PieceIndex } from "@lanspread/proto";
import type { Endpoint } from "@lanspread/quic";
import { createBufferPool, fetchUnit } from "../transfer/index.ts";
import { TELL_BYTES_MS } from "./constants.ts";
import { LaneConnections, type LaneConnectionsOptions } from "./lane-connections.ts";
import { LaneFiles } from "./lane-files.ts";
import type { FetchOrder, FromLane, OrderedPiece } from "./messages.ts";
import { tellFailure, type UnitFailure } from "./unit-failure.ts";

export interface LaneFetcherOptions {
  readonly endpoint: Pick<Endpoint, "dial">;
  readonly identify: LaneConnectionsOptions["identify"];
  readonly tell: (message: FromLane) => void;
}

interface Running {
  readonly controller: AbortController;
  readonly ended: Promise<void>;
}

/** Fetches units into files, as the main thread orders. */
export class LaneFetcher {
  readonly #tell: (message: FromLane) => void;
  readonly #connections: LaneConnections;
  readonly #buffers = createBufferPool();
  readonly #files = new Map<FetchOrder["download"], LaneFiles>();
  readonly #running = new Map<FetchOrder["id"], Running>();
  /** Bytes that were not told yet. */
  readonly #bytes = new Map<FetchOrder["id"], number>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: LaneFetcherOptions) {
    this.#tell = options.tell;
    this.#connections = new LaneConnections(options);
  }

  fetch(order: FetchOrder): void {
    const controller = new AbortController();
    const ended = this.#fetch(order, controller.signal).then((failure) => {
      this.#running.delete(order.id);
      this.#tellBytes();
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
  }

  /** Never rejects. */
  async #fetch(order: FetchOrder, signal: AbortSignal): Promise<UnitFailure | null> {
    const { id, gameId, manifestHash, unit, pieces, source, noProgressMs } = order;
    try {
      const channel = await this.#connections.channelTo(source, signal);
      await fetchUnit({
        channel,
        gameId,
        manifestHash,
        unit,
        pieceAt: (index) => orderedPiece(pieces, index),
        digestOf: (index) => orderedPiece(pieces, index).digest,
        sink: this.#filesOf(order),
        buffers: this.#buffers,
        signal,
        noProgressMs,
        onBytes: (count) => this.#came(id, count),
        onPiece: (index, digest) => this.#tell({ type: "piece", id, index, digest: ownBytes(digest) }),
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
      files = new LaneFiles(root);
      this.#files.set(download, files);
    }
    files.name(unit.fileIndex, unit.path, identity);
    return files;
  }

  #came(id: FetchOrder["id"], count: number): void {
    this.#bytes.set(id, (this.#bytes.get(id) ?? 0) + count);
    this.#timer ??= setTimeout(() => this.#tellBytes(), TELL_BYTES_MS);
  }

  #tellBytes(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#bytes.size === 0) return;
    const counts = [...this.#bytes];
    this.#bytes.clear();
    this.#tell({ type: "bytes", counts });
  }
}

function orderedPiece(pieces: readonly OrderedPiece[], index: PieceIndex): OrderedPiece {
  const piece = pieces[index - (pieces[0]?.index ?? 0)];
  if (piece === undefined) throw new RangeError(`piece ${index} was not ordered`);
  return piece;
}

/** The bytes alone: what is sent to another thread is the whole memory behind them. */
function ownBytes(digest: Uint8Array): Uint8Array {
  const own = new Uint8Array(DIGEST_BYTES);
  own.set(digest);
  return own;
}
