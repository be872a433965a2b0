/** What {@link Clock.setTimeout} returns: only good for giving it back to the same clock. */
export type TimerHandle = object;

/** Time as the code under test sees it: a monotonic reading and one-shot timers. */
export interface Clock {
  /** Milliseconds since some fixed moment; never goes back. */
  now(): number;
  /** Calls `callback` once, `ms` milliseconds from now, unless it is cleared first. */
  setTimeout(callback: () => void, ms: number): TimerHandle;
  /** Clears a timer. One that has fired or was cleared already is ignored. */
  clearTimeout(handle: TimerHandle): void;
}

/** The machine's own clock. Its timers do not keep the process alive. */
export const systemClock: Clock = {
  now: () => performance.now(),
  setTimeout: (callback, ms) => globalThis.setTimeout(callback, ms).unref(),
  clearTimeout: (handle) => globalThis.clearTimeout(handle as NodeJS.Timeout),
};
