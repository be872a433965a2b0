/** Things of which there are only so many: who wants one waits until one is given back. */
export interface Pool<T> {
  take(): Promise<T>;
  give(item: T): void;
}

/** @param make called when one is wanted and all made so far are taken, `size` times at most */
export function createPool<T>(size: number, make: () => T): Pool<T> {
  const spare: T[] = [];
  const waiting: ((item: T) => void)[] = [];
  let made = 0;
  return {
    take: async () => {
      const item = spare.pop();
      if (item !== undefined) return item;
      if (made < size) {
        made += 1;
        return make();
      }
      return new Promise((resolve) => {
        waiting.push(resolve);
      });
    },
    give: (item) => {
      const next = waiting.shift();
      if (next === undefined) spare.push(item);
      else next(item);
    },
  };
}
