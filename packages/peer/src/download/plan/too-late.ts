import type { PlannedSource } from "./planned-source.ts";

/** Whether the others would have everything, in `restMs`, before this source had so many bytes more. */
export function isTooLate(
  source: PlannedSource,
  bytes: number,
  restMs: number,
  usable: readonly PlannedSource[],
  fastest: number,
): boolean {
  const own = source.finishesInMs(bytes, fastest);
  if (own <= restMs) return false;
  return usable.some((other) => other !== source && other.finishesInMs(bytes, fastest) < own);
}
