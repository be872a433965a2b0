import type { Clock, Logger } from "./types.ts";

export const systemClock: Clock = {
  now: () => performance.now(),
  setTimeout: (run, delayMs) => setTimeout(run, delayMs),
  clearTimeout: (handle) => {
    // The handle is what setTimeout above returned, or null.
    if (handle instanceof Object) clearTimeout(handle as NodeJS.Timeout);
  },
};

const nothing = () => {};
export const silentLogger: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing };
