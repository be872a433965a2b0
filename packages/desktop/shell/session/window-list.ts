/** The windows that show the page at the moment, as they say themselves, and which of them has the focus. */
export class WindowList {
  readonly #windows = new Map<AbortSignal, { hasFocus: boolean }>();
  readonly #handlers = new Set<() => void>();

  get count(): number {
    return this.#windows.size;
  }

  /** Whether somebody looks at one of them, as far as browsers know. */
  get hasFocus(): boolean {
    return [...this.#windows.values()].some(({ hasFocus }) => hasFocus);
  }

  /**
   * A window says whether it has the focus.
   *
   * @param connection aborted when its connection is over, and it is gone
   */
  tell(connection: AbortSignal, hasFocus: boolean): void {
    if (connection.aborted) return;
    const isNew = !this.#windows.has(connection);
    this.#windows.set(connection, { hasFocus });
    if (isNew) {
      connection.addEventListener("abort", () => {
        this.#windows.delete(connection);
        this.#changed();
      });
    }
    this.#changed();
  }

  /** Calls the handler after every change; returns what ends that. */
  onChange(handler: () => void): () => void {
    this.#handlers.add(handler);
    return () => this.#handlers.delete(handler);
  }

  #changed(): void {
    for (const handler of [...this.#handlers]) handler();
  }
}
