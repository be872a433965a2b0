import { expect, test } from "vitest";
import { createRandom, createVirtualClock } from "../src/index.ts";

test("fires timers in the order of their time, and in the order of setting at the same time", () => {
  const clock = createVirtualClock();
  const fired: string[] = [];
  clock.setTimeout(() => fired.push("c"), 20);
  clock.setTimeout(() => fired.push("a"), 10);
  clock.setTimeout(() => fired.push("b"), 10);
  clock.advance(9);
  expect(fired).toEqual([]);
  clock.advance(1);
  expect(fired).toEqual(["a", "b"]);
  clock.advance(100);
  expect(fired).toEqual(["a", "b", "c"]);
  expect(clock.now()).toBe(110);
});

test("a cleared timer never fires, and clearing a fired one harms nobody", () => {
  const clock = createVirtualClock();
  const fired: string[] = [];
  const first = clock.setTimeout(() => fired.push("first"), 1);
  const second = clock.setTimeout(() => fired.push("second"), 2);
  clock.clearTimeout(second);
  clock.clearTimeout(second);
  expect(clock.pending).toBe(1);
  clock.advance(5);
  clock.clearTimeout(first);
  expect(fired).toEqual(["first"]);
  expect(clock.pending).toBe(0);
  expect(clock.nextDue()).toBeNull();
});

test("timers that are set by timers fire within the same advance, at their own time", () => {
  const clock = createVirtualClock(1000);
  const times: number[] = [];
  const tick = (): void => {
    times.push(clock.now());
    if (times.length < 4) clock.setTimeout(tick, 5);
  };
  clock.setTimeout(tick, 5);
  clock.advance(17);
  expect(times).toEqual([1005, 1010, 1015]);
  expect(clock.nextDue()).toBe(1020);
});

test("any set of timers fires sorted", () => {
  const random = createRandom(7);
  const clock = createVirtualClock();
  const fired: number[] = [];
  const handles = Array.from({ length: 2000 }, () => {
    const due = Math.floor(random() * 500);
    return { due, handle: clock.setTimeout(() => fired.push(due), due) };
  });
  const kept = handles.filter(({ handle }) => {
    if (random() < 0.5) return true;
    clock.clearTimeout(handle);
    return false;
  });
  expect(clock.runUntilIdle()).toBe(Math.max(...kept.map(({ due }) => due)));
  expect(fired).toEqual(kept.map(({ due }) => due).toSorted((a, b) => a - b));
});

test("running until idle stops at the limit, and gives up on an endless loop", () => {
  const clock = createVirtualClock();
  const again = (): void => void clock.setTimeout(again, 1);
  again();
  expect(clock.runUntilIdle(50)).toBe(50);
  expect(() => clock.runUntilIdle()).toThrow("still not idle");
});

test("the asynchronous advance lets promises run between timers", async () => {
  const clock = createVirtualClock();
  const sleep = (ms: number): Promise<void> => new Promise((resolve) => clock.setTimeout(resolve, ms));
  let done = false;
  const work = (async () => {
    await sleep(10);
    await sleep(10);
    done = true;
  })();
  await clock.advanceAsync(20);
  expect(done).toBe(true);
  await work;
});
