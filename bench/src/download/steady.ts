import type { Moment } from "../moment.ts";
import { STEADY_FROM, STEADY_TO } from "./constants.ts";

/** Something of a download has come: when, and how many bytes. */
export interface Arrival {
  readonly at: Moment;
  readonly bytes: number;
}

/**
 * Millions of bytes per second in the middle of a download, where all sources are busy: neither the first units nor the last ones
 * count. Null where fewer than two arrivals lie in between.
 */
export function steadyMbPerS(arrivals: readonly Arrival[], totalBytes: number): number | null {
  let sum = 0;
  let first: Arrival | undefined;
  let last: Arrival | undefined;
  for (const { at, bytes } of arrivals) {
    sum += bytes;
    if (sum < totalBytes * STEADY_FROM || sum > totalBytes * STEADY_TO) continue;
    last = { at, bytes: sum };
    first ??= last;
  }
  if (first === undefined || last === undefined || last.at <= first.at) return null;
  return (last.bytes - first.bytes) / 1e3 / (last.at - first.at);
}
