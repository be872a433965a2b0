/** Something that is fetched again whenever it may be old, and never more often than it is needed. */
export interface Renewal {
  /** It may be old. */
  wanted(): void;
  /** Nothing is fetched any more. */
  stop(): void;
}

/**
 * Fetches at once, and while that is under way or rests everything that is wanted becomes one more fetch.
 *
 * @param restMs pause behind a fetch, milliseconds
 */
export function createRenewal(fetch: () => Promise<void>, restMs: number): Renewal {
  let isBusy = false;
  let isWanted = false;
  let isOver = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const rested = (): void => {
    isBusy = false;
    if (isWanted) begin();
  };
  const begin = (): void => {
    isBusy = true;
    isWanted = false;
    void fetch().finally(() => {
      if (!isOver) timer = setTimeout(rested, restMs);
    });
  };
  return {
    wanted: () => {
      if (isOver) return;
      if (isBusy) isWanted = true;
      else begin();
    },
    stop: () => {
      isOver = true;
      clearTimeout(timer);
    },
  };
}
