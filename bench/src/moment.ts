/** Milliseconds of the system's monotonic clock, the same for all its processes. */
export type Moment = number;

/** Now, as {@link Moment}. */
export function now(): Moment {
  return Number(process.hrtime.bigint()) / 1e6;
}
