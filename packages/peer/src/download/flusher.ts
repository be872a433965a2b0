import type { PieceIndex, PieceLayout } from "@lanspread/proto";
import { FLUSH_BYTES, FLUSH_INTERVAL_MS, FLUSH_PIECES } from "./constants.ts";
import type { Journal } from "./journal.ts";
import type { Payload } from "./payload.ts";
import type { PieceRun } from "./pieces-file.ts";

export interface FlusherOptions {
  readonly layout: PieceLayout;
  readonly journal: Journal;
  readonly payload: Payload;
  /** As of {@link Payload.flush}. */
  readonly byOthers?: (paths: readonly string[]) => Promise<boolean>;
  /** A byte per piece: 1 where it is flushed. Kept up to date here. */
  readonly flushed: Uint8Array;
  /** Runs of pieces that are being fetched. */
  readonly inFlight: () => readonly PieceRun[];
  readonly onFlushed: () => Promise<void> | void;
  readonly onError: (error: unknown) => void;
}

/**
 * Flushes what was written, and then notes it in the journal: every 2 s, 256 MiB or 1,024 pieces while the transfer goes on,
 * never in its way. `version.ini` is not on disk before the commit and is never noted.
 */
export class Flusher implements AsyncDisposable {
  readonly #options: FlusherOptions;
  /** Verified and written since the last flush began. */
  #written: PieceIndex[] = [];
  #writtenBytes = 0;
  #timer: NodeJS.Timeout | undefined;
  /** Its time has come since the last flush began. */
  #isDue = false;
  #running: Promise<void> | undefined;
  #closed = false;
  /** Of the first flush of files that failed. */
  #failure: { readonly error: unknown } | undefined;

  constructor(options: FlusherOptions) {
    this.#options = options;
  }

  /** A piece is verified, and the file has it. */
  wrote(index: PieceIndex): void {
    const piece = this.#options.layout.pieceAt(index);
    if (piece.fileIndex === this.#options.payload.sentinelIndex) return;
    this.#written.push(index);
    this.#writtenBytes += piece.length;
    this.#startOrWait();
  }

  /**
   * Flushes and notes everything that was written before the call.
   *
   * @throws what a flush before it has failed with, too: systems take what they could not write for written the next time
   */
  async flush(): Promise<void> {
    // One that ends may have begun the next with everything that is left.
    while (this.#running !== undefined) await this.#running;
    await this.#flushOnce();
  }

  /** Ends the flushing; what was not flushed stays so. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  #start(): void {
    // Behind a failure nothing is noted any more, and what waits would begin it again in the same turn, for ever.
    if (this.#closed || this.#running !== undefined || this.#failure !== undefined) return;
    this.#running = this.#flushOnce()
      .catch(this.#options.onError)
      .finally(() => {
        this.#running = undefined;
        if (this.#written.length === 0 || this.#closed) return;
        this.#startOrWait();
      });
  }

  #startOrWait(): void {
    if (this.#isDue || this.#writtenBytes >= FLUSH_BYTES || this.#written.length >= FLUSH_PIECES)
      this.#start();
    else this.#timer ??= setTimeout(() => this.#comesDue(), FLUSH_INTERVAL_MS);
  }

  /** A disk may take longer for a flush than it is to the next one, which follows at once then. */
  #comesDue(): void {
    this.#isDue = true;
    this.#start();
  }

  async #flushOnce(): Promise<void> {
    const { layout, journal, payload, byOthers, flushed, inFlight, onFlushed } = this.#options;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#isDue = false;
    if (this.#failure !== undefined) throw this.#failure.error;
    const pieces = this.#written;
    this.#written = [];
    this.#writtenBytes = 0;
    try {
      await payload.flush(new Set(pieces.map((index) => layout.pieceAt(index).fileIndex)), byOthers);
    } catch (error) {
      this.#failure = { error };
      throw error;
    }
    for (const index of pieces) flushed[index] = 1;
    const since = this.#written.map((index) => ({ first: index, count: 1 }));
    await journal.note(flushed, [...inFlight(), ...since]);
    await onFlushed();
  }
}
