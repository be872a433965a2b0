import { AGAIN_MS } from "./constants.ts";

interface Start {
  readonly outcome: Promise<unknown>;
  /** Of the clock, milliseconds; null while it is being started. */
  startedAt: number | null;
}

/**
 * What was started a moment ago, so that a double click starts it once: a set-up that runs twice at once may spoil a game, and
 * a program takes seconds to show itself.
 */
export class Starts {
  readonly #starts = new Map<string, Start>();
  readonly #now: () => number;

  /** @param now milliseconds of a clock that never goes back */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /**
   * Starts something, unless that is under way or was done a moment ago: then that is the answer. What could not be started can
   * be tried again at once.
   *
   * @param what names it: the same name is the same thing
   */
  once<Outcome>(what: string, start: () => Promise<Outcome>): Promise<Outcome> {
    const last = this.#starts.get(what);
    if (last !== undefined && (last.startedAt === null || this.#now() - last.startedAt < AGAIN_MS))
      return last.outcome as Promise<Outcome>;
    const outcome = start();
    const own: Start = { outcome, startedAt: null };
    this.#starts.set(what, own);
    outcome.then(
      () => {
        own.startedAt = this.#now();
      },
      () => {
        this.#starts.delete(what);
      },
    );
    return outcome;
  }
}
