import { PeerError } from "../errors/index.ts";

/**
 * Ends something in which nothing moves for too long. One timer for the whole of it, however many steps it has.
 *
 * Give {@link signal} to every await, call {@link moved} whenever a byte has moved, dispose at the end.
 */
export class ProgressLimit implements Disposable {
  /** Aborted with a PeerError `timeout` at the limit, or with the reason of the outer signal. */
  readonly signal: AbortSignal;
  readonly #timer: NodeJS.Timeout;

  /**
   * @param limitMs milliseconds without progress
   * @param what what stands still, for the message
   */
  constructor(limitMs: number, what: string, signal?: AbortSignal) {
    const controller = new AbortController();
    this.signal = signal === undefined ? controller.signal : AbortSignal.any([signal, controller.signal]);
    this.#timer = setTimeout(() => {
      controller.abort(new PeerError("timeout", `${what}: nothing moved for ${limitMs / 1000} s`));
    }, limitMs);
    this.#timer.unref();
  }

  moved(): void {
    this.#timer.refresh();
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}
