import { PeerError } from "../errors/index.ts";
import { follow } from "./follow.ts";

/**
 * Ends something in which nothing moves for too long. One timer for the whole of it, however many steps it has.
 *
 * Give {@link signal} to every await, call {@link moved} whenever a byte has moved, dispose at the end.
 */
export class ProgressLimit implements Disposable {
  readonly #controller = new AbortController();
  readonly #unfollow: () => void;
  readonly #timer: NodeJS.Timeout;

  /**
   * @param limitMs milliseconds without progress
   * @param what what stands still, for the message
   * @param outer followed until this is disposed of
   */
  constructor(limitMs: number, what: string, outer?: AbortSignal) {
    this.#unfollow = follow(this.#controller, outer === undefined ? [] : [outer]);
    this.#timer = setTimeout(() => {
      this.abort(new PeerError("timeout", `${what}: nothing moved for ${limitMs / 1000} s`));
    }, limitMs);
    this.#timer.unref();
  }

  /** Aborted with a PeerError `timeout` at the limit, with the reason of the outer signal, or by {@link abort}. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  moved(): void {
    this.#timer.refresh();
  }

  abort(reason: unknown): void {
    this.#controller.abort(reason);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#unfollow();
  }
}
