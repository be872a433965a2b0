import { FRAME_HEADER_BYTES, parseRequest, type RequestType } from "@lanspread/proto";
import type { Stream } from "@lanspread/quic";

export interface RequestStreamOptions {
  /** Takes a message to the other side. @returns false where it is lost */
  readonly send: (deliver: () => void) => boolean;
  /** Takes one back. @returns false where it is lost */
  readonly answer: (deliver: () => void) => boolean;
  /** @returns false where the other side is no more */
  readonly accept: (stream: Stream) => boolean;
  /** The request is sent. @returns to be called when nobody waits for the answer any more */
  readonly sent: (type: RequestType) => () => void;
  readonly over: () => void;
}

/** The asking side of a stream that carries one whole request and brings one whole answer. */
export interface RequestSide extends Stream {
  fail(error: Error): void;
}

export function requestStream(options: RequestStreamOptions): RequestSide {
  const { send, answer, accept, sent, over } = options;
  const request = new Bytes();
  const answered = new Bytes();
  let notWaiting = () => {};
  const end = (error: Error): void => {
    answered.fail(error);
    notWaiting();
    over();
  };
  return {
    id: 0,
    read: async (into, waiting) => {
      const count = await answered.read(into, waiting?.signal);
      if (count === 0) end(new Error("read to its end"));
      return count;
    },
    write: async (bytes) => request.push(bytes),
    finish: () => {
      const whole = request.whole();
      const { type } = parseRequest(whole.subarray(FRAME_HEADER_BYTES));
      notWaiting = sent(type);
      // Stopping waits for its goodbyes by the machine's time, which stands still here: what is lost is told at once.
      const lost = (): void => {
        if (type === "goodbye") end(new Error("lost"));
      };
      const deliver = (): void => {
        const back = (bring: () => void): void => {
          if (!answer(bring)) lost();
        };
        if (!accept(answeringStream(whole, back, answered))) lost();
      };
      if (!send(deliver)) lost();
    },
    reset: () => end(new Error("reset")),
    stop: () => end(new Error("stopped")),
    fail: end,
  };
}

/** The other side: everything was there when it began. */
function answeringStream(whole: Uint8Array, answer: (deliver: () => void) => void, to: Bytes): Stream {
  const request = new Bytes();
  request.push(whole);
  request.finish();
  const own = new Bytes();
  return {
    id: 0,
    read: (into, waiting) => request.read(into, waiting?.signal),
    write: async (bytes) => own.push(bytes),
    finish: () =>
      answer(() => {
        to.push(own.whole());
        to.finish();
      }),
    reset: () => answer(() => to.fail(new Error("reset by the other side"))),
    stop: () => {},
  };
}

/** One direction of a stream. */
class Bytes {
  #chunks: Uint8Array = new Uint8Array(0);
  #isFinished = false;
  #error: Error | null = null;
  #wake = Promise.withResolvers<void>();

  push(bytes: Uint8Array): void {
    // An answer that comes twice is read once.
    if (this.#isFinished) return;
    this.#chunks = Buffer.concat([this.#chunks, bytes]);
    this.#wake.resolve();
  }

  finish(): void {
    this.#isFinished = true;
    this.#wake.resolve();
  }

  fail(error: Error): void {
    this.#error ??= error;
    this.#wake.resolve();
  }

  whole(): Uint8Array {
    return this.#chunks;
  }

  async read(into: Uint8Array, signal?: AbortSignal): Promise<number> {
    const aborted = () => this.#wake.resolve();
    signal?.addEventListener("abort", aborted);
    try {
      for (;;) {
        signal?.throwIfAborted();
        const count = Math.min(into.length, this.#chunks.length);
        into.set(this.#chunks.subarray(0, count));
        this.#chunks = this.#chunks.subarray(count);
        if (count > 0) return count;
        if (this.#error !== null) throw this.#error;
        if (this.#isFinished) return 0;
        this.#wake = Promise.withResolvers();
        await this.#wake.promise;
      }
    } finally {
      signal?.removeEventListener("abort", aborted);
    }
  }
}
