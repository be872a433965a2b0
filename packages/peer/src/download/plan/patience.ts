import { CALM_ROUNDS, STALL_MS } from "./constants.ts";

/**
 * How long a source may be silent, or have for a piece that another one waits for: the length of a turn.
 *
 * It is doubled whenever every source could have had a turn of that length and no piece was verified meanwhile: the turns may be too short
 * for the one that could deliver. So that one gets a turn that is long enough at last, and as nobody gets much longer ones, all of it takes
 * a time that is bounded by what that one needs.
 */
export class Patience {
  #ms = STALL_MS;
  /** When a piece was verified last, or the length was changed; null where one was since the last look. */
  #progressMs: number | null = null;
  /** When the length was changed. */
  #changedMs = Number.POSITIVE_INFINITY;

  /** Milliseconds. */
  get ms(): number {
    return this.#ms;
  }

  /** A piece was verified. */
  progressed(): void {
    this.#progressMs = null;
  }

  /** Time passes. @param sources how many take part: one alone has all the time */
  pass(nowMs: number, sources: number): void {
    this.#progressMs ??= nowMs;
    if (sources < 2) return;
    const roundMs = this.#ms * sources;
    if (nowMs - this.#progressMs >= roundMs) {
      this.#ms *= 2;
      this.#progressMs = nowMs;
      this.#changedMs = nowMs;
    } else if (this.#ms > STALL_MS && nowMs - this.#changedMs >= CALM_ROUNDS * roundMs) {
      this.#ms /= 2;
      this.#changedMs = nowMs;
    }
  }
}
