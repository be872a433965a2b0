/** The value of the least cost, the first of several; undefined where there is none below infinity. */
export function minBy<T>(values: readonly T[], cost: (value: T) => number): T | undefined {
  let best: T | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const value of values) {
    const own = cost(value);
    if (own >= least) continue;
    best = value;
    least = own;
  }
  return best;
}

/** 0 where there are none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(middle)] ?? 0) + (sorted[Math.ceil(middle)] ?? 0)) / 2;
}
