/** One value that components follow. */
export interface Store<Value> {
  get(): Value;
  set(value: Value): void;
  /** As {@link set}, for what says itself again soon: the listeners hear of it a little later, together with all the rest. */
  setCalmly(value: Value): void;
  /** Calls the listener after changes, at most once per frame; returns what ends that. */
  subscribe(listener: () => void): () => void;
}

/** Calls back once, some time later. */
type Later = (callback: () => void) => void;

/**
 * A store whose listeners hear of all changes of one frame together: twenty downloads tell their progress many times a
 * second, and a page is drawn sixty times.
 *
 * @param nextFrame calls back before the page is drawn the next time
 * @param calmly calls back when figures that change all the time are worth another look
 */
export function createStore<Value>(
  initial: Value,
  nextFrame: Later,
  calmly: Later = nextFrame,
): Store<Value> {
  let value = initial;
  let isDue = false;
  let isCalmlyDue = false;
  const listeners = new Set<() => void>();
  const tell = (): void => {
    if (isDue) return;
    isDue = true;
    nextFrame(() => {
      isDue = false;
      for (const listener of listeners) listener();
    });
  };
  return {
    get: () => value,
    set: (next) => {
      if (Object.is(next, value)) return;
      value = next;
      tell();
    },
    setCalmly: (next) => {
      if (Object.is(next, value)) return;
      value = next;
      if (isDue || isCalmlyDue) return;
      isCalmlyDue = true;
      calmly(() => {
        isCalmlyDue = false;
        tell();
      });
    },
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
