import type { GetGameFileChunk, GetGameFileData } from "@lanspread/proto";
import { FILES_OF_ALL, FILES_PER_PEER, LARGE_ANSWER_BYTES, LARGE_ANSWER_PLACES } from "./constants.ts";

/** A bounded number of places, for each key and for all together. Who finds too few waits in turn. */
export interface Slots {
  /** The places are free again when the result is disposed. Rejects with the signal's reason. */
  acquire(key: string, options?: AcquireOptions): Promise<Disposable>;
}

export interface AcquireOptions {
  readonly signal?: AbortSignal;
  /** How many places; must be at most those of a key. Default 1. */
  readonly places?: number;
}

export interface SlotsOptions {
  readonly perKey: number;
  readonly all: number;
}

/** Places of answers with a file's bytes, by peer. */
export function createFileSlots(): Slots {
  return createSlots({ perKey: FILES_PER_PEER, all: FILES_OF_ALL });
}

/**
 * Places that an answer with a file's bytes takes: two long ones keep the disk and the network busy, more would only make the disk
 * go back and forth and the transport mix them; of small files it takes many.
 */
export function placesOf(request: GetGameFileData | GetGameFileChunk): number {
  const isLarge = request.type === "get_game_file_chunk" && request.length >= LARGE_ANSWER_BYTES;
  return isLarge ? LARGE_ANSWER_PLACES : 1;
}

interface Waiter {
  readonly key: string;
  readonly places: number;
  readonly start: (slot: Disposable) => void;
}

export function createSlots({ perKey, all }: SlotsOptions): Slots {
  const taken = new Map<string, number>();
  const waiting = new Set<Waiter>();
  let total = 0;

  const isFree = (key: string, places: number): boolean =>
    total + places <= all && (taken.get(key) ?? 0) + places <= perKey;
  const take = (key: string, places: number): Disposable => {
    total += places;
    taken.set(key, (taken.get(key) ?? 0) + places);
    let held = true;
    return {
      [Symbol.dispose]: () => {
        if (!held) return;
        held = false;
        total -= places;
        const left = (taken.get(key) ?? 0) - places;
        if (left > 0) taken.set(key, left);
        else taken.delete(key);
        startNext();
      },
    };
  };
  /** Nobody overtakes who waits longer with the same key, or with more places than are left at all. */
  const startNext = (): void => {
    const passed = new Set<string>();
    for (const waiter of waiting) {
      const { key, places } = waiter;
      if (total + places > all) return;
      if (passed.has(key)) continue;
      if (!isFree(key, places)) {
        passed.add(key);
        continue;
      }
      waiting.delete(waiter);
      waiter.start(take(key, places));
    }
  };
  return {
    acquire: async (key, { signal, places = 1 } = {}) => {
      signal?.throwIfAborted();
      const { promise, resolve, reject } = Promise.withResolvers<Disposable>();
      const waiter: Waiter = { key, places, start: resolve };
      const leave = (): void => {
        if (!waiting.delete(waiter)) return;
        reject(signal?.reason);
        startNext();
      };
      waiting.add(waiter);
      startNext();
      if (!waiting.has(waiter)) return await promise;
      signal?.addEventListener("abort", leave, { once: true });
      try {
        return await promise;
      } finally {
        signal?.removeEventListener("abort", leave);
      }
    },
  };
}
