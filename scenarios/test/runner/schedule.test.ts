import { describe, expect, it } from "vitest";
import { runTasks } from "../../src/runner/schedule.ts";

/** Tasks that run until they are told, and what was seen of them. */
function rig(sizes: readonly (number | "all")[]) {
  const started: number[] = [];
  const ends = new Map<number, { readonly resolve: () => void; readonly reject: (error: Error) => void }>();
  const tasks = sizes.map((cores, index) => ({
    cores,
    run: () => {
      started.push(index);
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      ends.set(index, { resolve, reject });
      return promise;
    },
  }));
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  return {
    tasks,
    started,
    async end(index: number) {
      ends.get(index)?.resolve();
      await settle();
    },
    async fail(index: number) {
      ends.get(index)?.reject(new Error(`task ${index}`));
      await settle();
    },
  };
}

describe("tasks", () => {
  it("run beside each other as far as there is room, and a smaller one goes first where one does not fit", async () => {
    const { tasks, started, end } = rig([2, 2, 2, 1]);
    const all = runTasks(tasks, 5);
    expect(started).toEqual([0, 1, 3]);
    await end(3);
    expect(started).toEqual([0, 1, 3]);
    await end(0);
    expect(started).toEqual([0, 1, 3, 2]);
    await end(1);
    await end(2);
    await all;
  });

  it("that mostly wait begin first, then those that need the most room; equal ones keep their order", async () => {
    const { tasks, started, end } = rig([1, 2, 0.5, 9, 1, "all", 0.5]);
    const all = runTasks(tasks, 4);
    expect(started).toEqual([2, 6, 1, 0]);
    await end(2);
    expect(started).toEqual([2, 6, 1, 0]);
    await end(0);
    expect(started).toEqual([2, 6, 1, 0, 4]);
    for (const index of [6, 1, 4, 3, 5]) await end(index);
    await all;
    expect(started).toEqual([2, 6, 1, 0, 4, 3, 5]);
  });

  it("that want everything run alone, behind the others", async () => {
    const { tasks, started, end } = rig(["all", 1, "all", 9]);
    const all = runTasks(tasks, 4);
    expect(started).toEqual([3]);
    await end(3);
    expect(started).toEqual([3, 1]);
    await end(1);
    expect(started).toEqual([3, 1, 0]);
    await end(0);
    expect(started).toEqual([3, 1, 0, 2]);
    await end(2);
    await all;
  });

  it("are waited for when one fails, and no further one begins", async () => {
    const { tasks, started, end, fail } = rig([2, 2, 2]);
    const all = runTasks(tasks, 4);
    const ended = expect(all).rejects.toThrow("task 0");
    await fail(0);
    expect(started).toEqual([0, 1]);
    await end(1);
    await ended;
    expect(started).toEqual([0, 1]);
  });
});
