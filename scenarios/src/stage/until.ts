import { setTimeout as delay } from "node:timers/promises";
import { LOOK_AGAIN_MS, WAIT_DEADLINE_MS } from "./constants.ts";

export interface UntilOptions {
  /** Default: {@link WAIT_DEADLINE_MS}. */
  readonly deadlineMs?: number;
  readonly signal: AbortSignal;
}

type NotYet = undefined | null | false;

/**
 * Looks again and again until there is something, and returns that. What is thrown while looking ends the wait: a process
 * that is gone answers no better later.
 *
 * @param what for the message, such as `alpha sees bravo`
 */
export async function until<T>(
  what: string,
  look: () => T | Promise<T>,
  { deadlineMs = WAIT_DEADLINE_MS, signal }: UntilOptions,
): Promise<Exclude<Awaited<T>, NotYet>> {
  const end = performance.now() + deadlineMs;
  for (;;) {
    signal.throwIfAborted();
    const seen = await look();
    if (seen !== undefined && seen !== null && seen !== false) return seen as Exclude<Awaited<T>, NotYet>;
    if (performance.now() >= end) throw new Error(`not within ${deadlineMs} ms: ${what}`);
    await delay(LOOK_AGAIN_MS, undefined, { signal });
  }
}
