import { setTimeout as delay } from "node:timers/promises";

/** How often the process looks whether it goes on, ms. */
const LOOK_MS = 10;

/** Attempts before a test that never gets a quiet moment fails, with what its last one failed with. */
const ATTEMPTS = 5;

/**
 * Makes an attempt that says nothing where this process stands still in the middle for longer than `limitMs`: time-outs of the network
 * go on meanwhile. Such an attempt that fails is made again.
 */
export async function unlessStandingStill(limitMs: number, attempt: () => Promise<void>): Promise<void> {
  for (let made = 1; ; made++) {
    let longestMs = 0;
    let lookedAt = performance.now();
    const look = (): void => {
      const now = performance.now();
      longestMs = Math.max(longestMs, now - lookedAt - LOOK_MS);
      lookedAt = now;
    };
    const timer = setInterval(look, LOOK_MS);
    try {
      return await attempt();
    } catch (error) {
      // What has just ended the attempt may be due before the look that sees why.
      await delay(LOOK_MS);
      look();
      if (longestMs <= limitMs || made === ATTEMPTS) throw error;
    } finally {
      clearInterval(timer);
    }
  }
}
