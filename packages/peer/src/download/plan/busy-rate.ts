/** Bytes per second: less is nothing, and must not pass for a rate that was measured. */
const LEAST_RATE = 0.5;

/**
 * Bytes per second of a source over the last time in which it had something to do: a source that nobody asks is not slow. What lies
 * further back weighs exponentially less. Times are of one monotonic clock, in milliseconds.
 */
export class BusyRate {
  readonly #memoryMs: number;
  #bytes = 0;
  #weightMs = 0;
  #busyMs = 0;
  #lastMs: number;

  /** @param memoryMs how quickly it forgets */
  constructor(nowMs: number, memoryMs: number) {
    this.#memoryMs = memoryMs;
    this.#lastMs = nowMs;
  }

  /** Busy time in all, milliseconds. */
  get busyMs(): number {
    return this.#busyMs;
  }

  /** Bytes per second; 0 before anything came, and where no more than a rest is left of what came long ago. */
  get perSecond(): number {
    const rate = this.#weightMs > 0 ? (this.#bytes * 1000) / this.#weightMs : 0;
    return rate < LEAST_RATE ? 0 : rate;
  }

  /** Time passes. @param busy whether something was asked of the source since the last call */
  pass(nowMs: number, busy: boolean): void {
    const passed = nowMs - this.#lastMs;
    this.#lastMs = nowMs;
    if (!busy || passed <= 0) return;
    const kept = Math.exp(-passed / this.#memoryMs);
    this.#bytes *= kept;
    this.#weightMs = this.#weightMs * kept + this.#memoryMs * (1 - kept);
    this.#busyMs += passed;
  }

  add(bytes: number): void {
    this.#bytes += bytes;
  }
}
