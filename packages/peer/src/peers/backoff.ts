import { BACKOFF_FIRST_MS, BACKOFF_JITTER, BACKOFF_LONGEST_MS } from "./constants.ts";

/**
 * Pause before the next dial, ms: doubles from {@link BACKOFF_FIRST_MS} to {@link BACKOFF_LONGEST_MS}, less what chance takes.
 *
 * @param failures dials that failed in a row, from 1; @param random from 0 to below 1
 */
export function backoffMs(failures: number, random: number): number {
  const exponent = Math.min(Math.max(failures, 1) - 1, 30);
  const longest = Math.min(BACKOFF_LONGEST_MS, BACKOFF_FIRST_MS * 2 ** exponent);
  return Math.max(BACKOFF_FIRST_MS, longest * (1 - BACKOFF_JITTER * random));
}
