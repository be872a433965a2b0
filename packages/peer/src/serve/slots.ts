import { FILES_OF_ALL, FILES_PER_PEER } from "./constants.ts";

/** A bounded number of places, for each key and for all together. Who finds none waits in turn. */
export interface Slots {
  /** The place is free again when the result is disposed. Rejects with the signal's reason. */
  acquire(key: string, options?: { readonly signal?: AbortSignal }): Promise<Disposable>;
}

export interface SlotsOptions {
  readonly perKey: number;
  readonly all: number;
}

/** Places of answers with a file's bytes, by peer. */
export function createFileSlots(): Slots {
  return createSlots({ perKey: FILES_PER_PEER, all: FILES_OF_ALL });
}

interface Waiter {
  readonly key: string;
  readonly start: (slot: Disposable) => void;
}

export function createSlots({ perKey, all }: SlotsOptions): Slots {
  const taken = new Map<string, number>();
  const waiting = new Set<Waiter>();
  let total = 0;

  const isFree = (key: string): boolean => total < all && (taken.get(key) ?? 0) < perKey;
  const take = (key: string): Disposable => {
    total += 1;
    taken.set(key, (taken.get(key) ?? 0) + 1);
    let held = true;
    return {
      [Symbol.dispose]: () => {
        if (!held) return;
        held = false;
        total -= 1;
        const left = (taken.get(key) ?? 0) - 1;
        if (left > 0) taken.set(key, left);
        else taken.delete(key);
        startNext();
      },
    };
  };
  const startNext = (): void => {
    for (const waiter of waiting) {
      if (!isFree(waiter.key)) continue;
      waiting.delete(waiter);
      waiter.start(take(waiter.key));
      return;
    }
  };

  return {
    acquire: async (key, { signal } = {}) => {
      signal?.throwIfAborted();
      if (isFree(key)) return take(key);
      const { promise, resolve, reject } = Promise.withResolvers<Disposable>();
      const waiter: Waiter = { key, start: resolve };
      const leave = (): void => {
        if (waiting.delete(waiter)) reject(signal?.reason);
      };
      waiting.add(waiter);
      signal?.addEventListener("abort", leave, { once: true });
      try {
        return await promise;
      } finally {
        signal?.removeEventListener("abort", leave);
      }
    },
  };
}
