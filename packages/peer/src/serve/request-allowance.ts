/** Counts what each peer asks for, so that one cannot keep this one busy. Pure: the time is given. */
export interface RequestAllowance {
  /**
   * Takes one request off a peer's allowance.
   * @param now milliseconds of a clock that never goes back
   * @returns false where nothing is left: the request is one too many
   */
  take(peer: string, now: number): boolean;
  /** Peers that are being counted. */
  readonly size: number;
}

export interface RequestAllowanceOptions {
  /** Requests per second; so many may also come at once. */
  readonly perSecond: number;
  /** When more peers than this are counted, those whose allowance is full again are forgotten. */
  readonly peers: number;
}

interface Bucket {
  left: number;
  at: number;
}

/** A token bucket per peer: it holds one second's requests and fills evenly. */
export function createRequestAllowance({ perSecond, peers }: RequestAllowanceOptions): RequestAllowance {
  const buckets = new Map<string, Bucket>();
  const leftAt = (bucket: Bucket, now: number): number =>
    Math.min(perSecond, bucket.left + (Math.max(0, now - bucket.at) / 1000) * perSecond);

  const forgetTheQuiet = (now: number): void => {
    for (const [peer, bucket] of buckets) {
      if (leftAt(bucket, now) >= perSecond) buckets.delete(peer);
    }
  };

  return {
    take: (peer, now) => {
      let bucket = buckets.get(peer);
      if (bucket === undefined) {
        if (buckets.size >= peers) forgetTheQuiet(now);
        bucket = { left: perSecond, at: now };
        buckets.set(peer, bucket);
      }
      bucket.left = leftAt(bucket, now);
      bucket.at = Math.max(bucket.at, now);
      if (bucket.left < 1) return false;
      bucket.left -= 1;
      return true;
    },
    get size() {
      return buckets.size;
    },
  };
}
