/** Somebody who waits for one value. Settling removes the abort listener; only the first settling counts. */
export class Waiter<T> {
  readonly #resolve: (value: T) => void;
  readonly #reject: (error: unknown) => void;
  readonly #signal: AbortSignal | undefined;
  #onAbort: (() => void) | undefined;

  constructor(
    resolve: (value: T) => void,
    reject: (error: unknown) => void,
    signal: AbortSignal | undefined,
  ) {
    this.#resolve = resolve;
    this.#reject = reject;
    this.#signal = signal;
  }

  /** Calls `withdraw` and rejects with the signal's reason when the signal is aborted first. */
  abortWith(withdraw: () => void): void {
    if (this.#signal === undefined) return;
    this.#onAbort = () => {
      withdraw();
      this.reject(this.#signal?.reason);
    };
    this.#signal.addEventListener("abort", this.#onAbort, { once: true });
  }

  resolve(value: T): void {
    this.#forget();
    this.#resolve(value);
  }

  reject(error: unknown): void {
    this.#forget();
    this.#reject(error);
  }

  #forget(): void {
    if (this.#onAbort !== undefined) this.#signal?.removeEventListener("abort", this.#onAbort);
    this.#onAbort = undefined;
  }
}

/**
 * A promise that somebody else settles through the waiter.
 *
 * @param park stores the waiter and returns what takes it away again when the signal is aborted.
 */
export function waitFor<T>(
  signal: AbortSignal | undefined,
  park: (waiter: Waiter<T>) => () => void,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const waiter = new Waiter<T>(resolve, reject, signal);
    waiter.abortWith(park(waiter));
  });
}
