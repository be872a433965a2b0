import type { Clock } from "./clock.ts";

/** At most one timer: setting it again replaces the one before. */
export class Timer {
  readonly #clock: Clock;
  #handle: { readonly of: unknown } | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get isSet(): boolean {
    return this.#handle !== null;
  }

  set(run: () => void, delayMs: number): void {
    this.clear();
    const of = this.#clock.setTimeout(() => {
      this.#handle = null;
      run();
    }, delayMs);
    this.#handle = { of };
  }

  clear(): void {
    if (this.#handle !== null) this.#clock.clearTimeout(this.#handle.of);
    this.#handle = null;
  }
}
