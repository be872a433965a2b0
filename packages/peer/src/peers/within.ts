import type { Clock } from "./clock.ts";
import { Timer } from "./timer.ts";

/**
 * Does something that must not take longer than `limitMs` of the mesh's clock.
 *
 * @throws the reason of `signal`; an Error that names the limit; what `work` throws
 */
export async function within<T>(
  {
    clock,
    limitMs,
    signal,
  }: { readonly clock: Clock; readonly limitMs: number; readonly signal: AbortSignal },
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const late = new AbortController();
  const timer = new Timer(clock);
  timer.set(() => late.abort(new Error(`no answer within ${limitMs / 1000} s`)), limitMs);
  try {
    return await work(AbortSignal.any([signal, late.signal]));
  } finally {
    timer.clear();
  }
}
