/** Watches for the wish to end: Ctrl+C, `kill`, a closed terminal, a reader of stdout that went away. */
export interface Interrupt {
  /** Aborted by the first wish; commands then end what they do, in order. */
  readonly signal: AbortSignal;
  /** The same as a first Ctrl+C, for other reasons to end. */
  trigger(reason: string): void;
  /** Stops watching. */
  close(): void;
}

export interface InterruptOptions {
  /** Called once, at the first wish. */
  readonly onAsked: (reason: string) => void;
  /** Called at the second: end at once. */
  readonly onForced: () => void;
}

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

export function createInterrupt(options: InterruptOptions): Interrupt {
  const controller = new AbortController();
  const handle = (reason: string): void => {
    if (controller.signal.aborted) {
      options.onForced();
      return;
    }
    controller.abort(new DOMException(reason, "AbortError"));
    options.onAsked(reason);
  };
  for (const name of SIGNALS) process.on(name, handle);
  return {
    signal: controller.signal,
    trigger(reason) {
      if (!controller.signal.aborted) handle(reason);
    },
    close() {
      for (const name of SIGNALS) process.off(name, handle);
    },
  };
}

/** Resolves when the signal is aborted. */
export function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
