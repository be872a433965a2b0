/** One value that components follow. */
export interface Store<Value> {
  get(): Value;
  set(value: Value): void;
  /** Calls the listener after changes, at most once per frame; returns what ends that. */
  subscribe(listener: () => void): () => void;
}

/**
 * A store whose listeners hear of all changes of one frame together: twenty downloads tell their progress many times a
 * second, and a page is drawn sixty times.
 *
 * @param nextFrame calls back before the page is drawn the next time
 */
export function createStore<Value>(initial: Value, nextFrame: (callback: () => void) => void): Store<Value> {
  let value = initial;
  let isDue = false;
  const listeners = new Set<() => void>();
  return {
    get: () => value,
    set: (next) => {
      if (Object.is(next, value)) return;
      value = next;
      if (isDue) return;
      isDue = true;
      nextFrame(() => {
        isDue = false;
        for (const listener of listeners) listener();
      });
    },
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
