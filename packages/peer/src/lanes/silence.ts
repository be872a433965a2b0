import type { RequestChannel } from "../transfer/index.ts";

/**
 * Tells when nothing has come for too long although somebody waits for it. Time in which nobody waits, because the disk is
 * busy, does not count.
 */
export class Silence {
  readonly #limitMs: number;
  readonly #onSilent: () => void;
  #waiting = 0;
  /** When something came last, or somebody began to wait, ms of `performance.now()`. */
  #since = 0;
  #timer: NodeJS.Timeout | undefined;

  /** @param limitMs milliseconds */
  constructor(limitMs: number, onSilent: () => void) {
    this.#limitMs = limitMs;
    this.#onSilent = onSilent;
  }

  async wait<T>(coming: Promise<T>): Promise<T> {
    if (this.#waiting === 0) this.#since = performance.now();
    this.#waiting += 1;
    this.#timer ??= this.#lookIn(this.#limitMs);
    try {
      return await coming;
    } finally {
      this.#waiting -= 1;
      this.#since = performance.now();
    }
  }

  /** A channel that is waited for here. */
  over(channel: RequestChannel): RequestChannel {
    return {
      request: (request, options) => this.wait(channel.request(request, options)),
      requestData: async (request, options) => {
        const data = await this.wait(channel.requestData(request, options));
        return {
          answer: data.answer,
          read: (into, reading) => this.wait(data.read(into, reading)),
          cancel: () => data.cancel(),
        };
      },
    };
  }

  /** One timer for all that is waited for, which is not moved with every byte. */
  #lookIn(ms: number): NodeJS.Timeout {
    return setTimeout(() => {
      this.#timer = undefined;
      if (this.#waiting === 0) return;
      const left = this.#since + this.#limitMs - performance.now();
      if (left > 0) this.#timer = this.#lookIn(Math.ceil(left));
      else this.#onSilent();
    }, ms).unref();
  }
}
