import type { Clock, Logger } from "./types.ts";

export const systemClock: Clock = {
  now: () => performance.now(),
  setTimeout: (run, delayMs) => setTimeout(run, delayMs),
  clearTimeout: (handle) => clearTimeout(handle as NodeJS.Timeout),
};

/** Clears a timer that may not be set. */
export function clearTimer(clock: Clock, timer: object | null): void {
  if (timer !== null) clock.clearTimeout(timer);
}

const nothing = () => {};
export const silentLogger: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing };
