import { SETTLE_MS, SETTLE_SPACING_MS } from "./constants.ts";
import { clearTimer } from "./system.ts";
import type { Clock } from "./types.ts";

/** Turns many occasions for the same work into few runs: soon after the first, then at most ten a second. */
export class Gather {
  readonly #clock: Clock;
  readonly #run: () => void;
  #timer: object | null = null;
  #lastRun = Number.NEGATIVE_INFINITY;
  #closed = false;

  constructor(clock: Clock, run: () => void) {
    this.#clock = clock;
    this.#run = run;
  }

  /** There is something to do. */
  poke(): void {
    if (this.#timer !== null || this.#closed) return;
    const now = this.#clock.now();
    const delay = Math.max(SETTLE_MS, this.#lastRun + SETTLE_SPACING_MS - now);
    this.#timer = this.#clock.setTimeout(() => {
      this.#timer = null;
      this.#lastRun = this.#clock.now();
      this.#run();
    }, delay);
  }

  close(): void {
    this.#closed = true;
    clearTimer(this.#clock, this.#timer);
    this.#timer = null;
  }
}
