/**
 * Aborts a controller as soon as one of the signals is aborted, with its reason.
 *
 * `AbortSignal.any` for what is short and comes by the thousand: what that leaves for the garbage collector costs a small file more
 * than its bytes do.
 *
 * @returns what ends it: to be called when the controller is of no use any more
 */
export function follow(controller: AbortController, signals: readonly AbortSignal[]): () => void {
  const noMore: (() => void)[] = [];
  for (const signal of signals) {
    const onAbort = (): void => controller.abort(signal.reason);
    if (signal.aborted) onAbort();
    else {
      signal.addEventListener("abort", onAbort, { once: true });
      noMore.push(() => signal.removeEventListener("abort", onAbort));
    }
  }
  return () => {
    for (const end of noMore) end();
  };
}
