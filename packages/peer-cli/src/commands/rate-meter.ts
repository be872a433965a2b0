/** The rate of something that only says how far it is. Times are of one monotonic clock, in milliseconds. */
export interface RateMeter {
  /** So many bytes are done now. Returns bytes per second over the last 5 s; null while too little is known. */
  take(doneBytes: number, now: number): number | null;
}

/** As long as that of downloads. */
const WINDOW_MS = 5_000;
/** Over less a rate says more of the first entry than of the disk. */
const MIN_SPAN_MS = 1_000;
/** Small files come by the thousand in a second: so many need not be remembered. */
const STEP_MS = 100;

export function createRateMeter(): RateMeter {
  let samples: { readonly doneBytes: number; readonly at: number }[] = [];
  return {
    take(doneBytes, now) {
      const last = samples.at(-1);
      if (last === undefined || now - last.at >= STEP_MS) {
        const inside = samples.findIndex(({ at }) => at >= now - WINDOW_MS);
        samples = [...(inside < 0 ? [] : samples.slice(inside)), { doneBytes, at: now }];
      }
      const first = samples[0];
      if (first === undefined || now - first.at < MIN_SPAN_MS) return null;
      return ((doneBytes - first.doneBytes) * 1_000) / (now - first.at);
    },
  };
}
