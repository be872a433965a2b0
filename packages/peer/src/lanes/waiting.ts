import { setTimeout as delay } from "node:timers/promises";

/** Resolves when `coming` does, which does not reject, or after so many milliseconds. */
export async function atMost(coming: Promise<unknown>, ms: number): Promise<void> {
  const late = new AbortController();
  await Promise.race([coming, delay(ms, undefined, { signal: late.signal }).catch(() => {})]);
  late.abort();
}

/**
 * What comes, for as long as somebody waits for it: it goes on by itself.
 *
 * @throws the signal's reason; what `coming` rejects with
 */
export async function unlessAborted<T>(coming: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => aborted.reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  if (signal.aborted) abort();
  try {
    return await Promise.race([coming, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
