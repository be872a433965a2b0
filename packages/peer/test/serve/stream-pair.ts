import type { RequestStream, Waiting } from "../../src/transfer/index.ts";

/** One direction of a stream in memory: holds at most `windowBytes`, then its writer waits. */
class Pipe {
  readonly #windowBytes: number;
  #chunks: Uint8Array[] = [];
  #held = 0;
  #finishWanted = false;
  /** Writes that wait for room. */
  #writing = 0;
  #error: Error | undefined;
  #wake: PromiseWithResolvers<void> = Promise.withResolvers();
  resetCode: number | undefined;
  stopCode: number | undefined;
  /** Bytes that were ever taken from the writer. */
  taken = 0;

  constructor(windowBytes: number) {
    this.#windowBytes = windowBytes;
  }

  async write(bytes: Uint8Array, options: Waiting = {}): Promise<void> {
    if (this.#finishWanted) throw new Error("write after finish");
    this.#writing += 1;
    try {
      await this.#write(bytes, options);
    } catch (error) {
      // As a real one: no end behind what is not whole.
      this.#finishWanted = false;
      throw error;
    } finally {
      this.#writing -= 1;
      this.#signal();
    }
  }

  async #write(bytes: Uint8Array, { signal }: Waiting): Promise<void> {
    let offset = 0;
    for (;;) {
      signal?.throwIfAborted();
      if (this.#error !== undefined) throw this.#error;
      // A copy, also of a Buffer, whose `slice` makes none: the writer may use its bytes again.
      const part = new Uint8Array(bytes.subarray(offset, offset + this.#windowBytes - this.#held));
      if (part.length > 0) {
        this.#chunks.push(part);
        this.#held += part.length;
        this.taken += part.length;
        offset += part.length;
        this.#signal();
      }
      if (offset >= bytes.length) return;
      await this.#change(signal);
    }
  }

  get #finished(): boolean {
    return this.#finishWanted && this.#writing === 0;
  }

  async read(into: Uint8Array, { signal }: Waiting = {}): Promise<number> {
    for (;;) {
      signal?.throwIfAborted();
      if (this.#error !== undefined) throw this.#error;
      const first = this.#chunks[0];
      if (first !== undefined) {
        const count = Math.min(first.length, into.length);
        into.set(first.subarray(0, count));
        if (count === first.length) this.#chunks.shift();
        else this.#chunks[0] = first.subarray(count);
        this.#held -= count;
        this.#signal();
        return count;
      }
      if (this.#finished) return 0;
      await this.#change(signal);
    }
  }

  finish(): void {
    this.#finishWanted = true;
    this.#signal();
  }

  reset(code: number): void {
    if (this.#error !== undefined) return;
    this.resetCode = code;
    this.#fail(new Error(`reset with ${code}`));
  }

  stop(code: number): void {
    if (this.#error !== undefined || (this.#finished && this.#held === 0)) return;
    this.stopCode = code;
    this.#fail(new Error(`stopped with ${code}`));
  }

  #fail(error: Error): void {
    this.#error = error;
    this.#chunks = [];
    this.#held = 0;
    this.#signal();
  }

  #signal(): void {
    this.#wake.resolve();
    this.#wake = Promise.withResolvers();
  }

  async #change(signal: AbortSignal | undefined): Promise<void> {
    const aborted = Promise.withResolvers<never>();
    const abort = (): void => aborted.reject(signal?.reason);
    signal?.addEventListener("abort", abort, { once: true });
    try {
      await Promise.race([this.#wake.promise, aborted.promise]);
    } finally {
      signal?.removeEventListener("abort", abort);
    }
  }
}

export interface StreamPair {
  /** The side that asks. */
  readonly asking: RequestStream;
  /** The side that answers. */
  readonly answering: RequestStream;
  /** What became of the answer: a reset by the answerer, bytes that were taken from it. */
  readonly answer: Pick<Pipe, "resetCode" | "taken">;
  /** What became of the request: a stop by the answerer. */
  readonly request: Pick<Pipe, "stopCode">;
}

/** Both ends of a stream in memory, with the back-pressure of a real one. */
export function streamPair({ windowBytes = 256 * 1024 }: { readonly windowBytes?: number } = {}): StreamPair {
  const [there, back] = [new Pipe(windowBytes), new Pipe(windowBytes)];
  return { asking: endOf(back, there), answering: endOf(there, back), answer: back, request: there };
}

function endOf(incoming: Pipe, outgoing: Pipe): RequestStream {
  return {
    read: (into, options) => incoming.read(into, options),
    write: (bytes, options) => outgoing.write(bytes, options),
    finish: () => outgoing.finish(),
    reset: (code) => outgoing.reset(code),
    stop: (code) => incoming.stop(code),
  };
}
