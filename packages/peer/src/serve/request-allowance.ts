/** Counts what each peer asks for, so that one cannot keep this one busy. Pure: the time is given. */
export interface RequestAllowance {
  /**
   * Takes `amount` (default: one) off a peer's allowance.
   * @param now milliseconds of a clock that never goes back
   * @returns false where not so much is left: nothing is taken then
   */
  take(peer: string, now: number, amount?: number): boolean;
  /** Peers that are being counted. */
  readonly size: number;
}

export interface RequestAllowanceOptions {
  /** Requests, or whatever is counted, per second. */
  readonly perSecond: number;
  /** So many may come at once. Default: those of one second. */
  readonly atOnce?: number;
  /** When more peers than this are counted, those whose allowance is full again are forgotten. */
  readonly peers: number;
}

interface Bucket {
  left: number;
  at: number;
}

/** A token bucket per peer, which fills evenly. */
export function createRequestAllowance(options: RequestAllowanceOptions): RequestAllowance {
  const { perSecond, peers, atOnce = perSecond } = options;
  const buckets = new Map<string, Bucket>();
  const leftAt = (bucket: Bucket, now: number): number =>
    Math.min(atOnce, bucket.left + (Math.max(0, now - bucket.at) / 1000) * perSecond);

  const forgetTheQuiet = (now: number): void => {
    for (const [peer, bucket] of buckets) {
      if (leftAt(bucket, now) >= atOnce) buckets.delete(peer);
    }
  };

  return {
    take: (peer, now, amount = 1) => {
      let bucket = buckets.get(peer);
      if (bucket === undefined) {
        if (buckets.size >= peers) forgetTheQuiet(now);
        bucket = { left: atOnce, at: now };
        buckets.set(peer, bucket);
      }
      bucket.left = leftAt(bucket, now);
      bucket.at = Math.max(bucket.at, now);
      if (bucket.left < amount) return false;
      bucket.left -= amount;
      return true;
    },
    get size() {
      return buckets.size;
    },
  };
}
