import { FLUSHES_BEFORE_OWN, QUICK_FLUSH_MS, QUICK_POOLED_FLUSH_MS } from "./constants.ts";

/**
 * Decides who flushes the next file: Node's pool of threads, while which the own thread moves bytes, or the own thread. Where a file
 * system has nothing to flush (it is in memory, or has written everything already), the way to the pool is all that a flush costs.
 *
 * Pure: what a flush took is told. The own thread tries it only where flushes by the pool are quick with their way there and back, and
 * stops with the first one that is not.
 */
export class FlushPace {
  #isOwn = false;
  /** Flushes that the pool does in any case. */
  #pooled = 0;

  /** Whether the own thread is to do the next one. */
  get isOwn(): boolean {
    return this.#isOwn;
  }

  /** @param ms with the way to the pool and back */
  pooledTook(ms: number): void {
    if (this.#pooled > 0) this.#pooled -= 1;
    else this.#isOwn = ms <= QUICK_POOLED_FLUSH_MS;
  }

  /** @param ms in which this thread did nothing else */
  ownTook(ms: number): void {
    if (ms <= QUICK_FLUSH_MS) return;
    this.#isOwn = false;
    this.#pooled = FLUSHES_BEFORE_OWN;
  }
}
