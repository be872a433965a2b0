/** Memory that frames may take while they come or go, for each peer and for all together. */
export interface FrameBudget {
  /**
   * Reserves `bytes` for a frame of a peer until the result is disposed.
   * @returns null where they are not to be had now
   */
  reserve(peer: string, bytes: number): Disposable | null;
}

export interface FrameBudgetOptions {
  /** Bytes. */
  readonly perPeer: number;
  /** Bytes. */
  readonly all: number;
  /** Bytes that a peer gets also where all have taken everything. */
  readonly always: number;
}

export function createFrameBudget({ perPeer, all, always }: FrameBudgetOptions): FrameBudget {
  const used = new Map<string, number>();
  let total = 0;
  const give = (peer: string, bytes: number): void => {
    total -= bytes;
    const left = (used.get(peer) ?? 0) - bytes;
    if (left > 0) used.set(peer, left);
    else used.delete(peer);
  };
  return {
    reserve: (peer, bytes) => {
      const own = (used.get(peer) ?? 0) + bytes;
      if (own > perPeer || (total + bytes > all && own > always)) return null;
      used.set(peer, own);
      total += bytes;
      let reserved = true;
      return {
        [Symbol.dispose]: () => {
          if (!reserved) return;
          reserved = false;
          give(peer, bytes);
        },
      };
    },
  };
}
