import { setTimeout as delay } from "node:timers/promises";
import { EVENTUALLY_DEADLINE_MS, EVENTUALLY_INTERVAL_MS } from "./constants.ts";

export interface EventuallyOptions {
  /** How long to look at most, in milliseconds. Default 30,000. */
  readonly deadlineMs?: number;
  /** Pause between two looks, in milliseconds. Default 10. */
  readonly intervalMs?: number;
  /** What is waited for, for the message of the failure. */
  readonly what?: string;
}

type NotYet = undefined | null | false;

/**
 * Calls `look` until it returns something, and returns that. `undefined`, `null`, `false` and an exception mean *not
 * yet*. For assertions that return nothing there is {@link eventuallyPasses}.
 *
 * @throws Error at the deadline, with the last exception as its cause.
 */
export async function eventually<T>(
  look: () => T | Promise<T>,
  options: EventuallyOptions = {},
): Promise<Exclude<Awaited<T>, NotYet>> {
  const { deadlineMs = EVENTUALLY_DEADLINE_MS, intervalMs = EVENTUALLY_INTERVAL_MS } = options;
  const what = options.what ?? "what the test waits for";
  const end = performance.now() + deadlineMs;
  for (;;) {
    let cause: unknown;
    try {
      const value = await look();
      if (value !== undefined && value !== null && value !== false) {
        return value as Exclude<Awaited<T>, NotYet>;
      }
    } catch (error) {
      cause = error;
    }
    if (performance.now() >= end) {
      const reason = cause instanceof Error ? `: ${cause.message}` : "";
      throw new Error(`${what} did not happen within ${deadlineMs} ms${reason}`, { cause });
    }
    await delay(intervalMs);
  }
}

/** Runs assertions again and again until none of them throws, at most until the deadline. */
export async function eventuallyPasses(
  assertions: () => unknown,
  options: EventuallyOptions = {},
): Promise<void> {
  await eventually(async () => {
    await assertions();
    return true;
  }, options);
}
