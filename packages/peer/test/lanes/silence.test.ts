import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Silence } from "../../src/lanes/silence.ts";

const LIMIT_MS = 1_000;

let silent: number;
let silence: Silence;

beforeEach(() => {
  vi.useFakeTimers();
  silent = 0;
  silence = new Silence(LIMIT_MS, () => {
    silent += 1;
  });
});

afterEach(() => {
  vi.useRealTimers();
});

it("is told once when nothing has come for the limit", async () => {
  const coming = Promise.withResolvers<number>();
  const waited = silence.wait(coming.promise);
  await vi.advanceTimersByTimeAsync(LIMIT_MS - 1);
  expect(silent).toBe(0);
  await vi.advanceTimersByTimeAsync(10 * LIMIT_MS);
  expect(silent).toBe(1);
  coming.resolve(7);
  expect(await waited).toBe(7);
});

it("begins anew with whatever comes for any of those who wait, also where that is a failure", async () => {
  void silence.wait(new Promise(() => {}));
  for (let round = 0; round < 5; round += 1) {
    const other = Promise.withResolvers<void>();
    const waited = silence.wait(other.promise);
    await vi.advanceTimersByTimeAsync(LIMIT_MS - 1);
    if (round % 2 === 0) {
      other.resolve();
      await waited;
    } else {
      other.reject(new Error("refused"));
      await expect(waited).rejects.toThrow("refused");
    }
  }
  expect(silent).toBe(0);
  await vi.advanceTimersByTimeAsync(LIMIT_MS);
  expect(silent).toBe(1);
});

it("is no silence while nobody waits: the own disk may be busy for long", async () => {
  await silence.wait(Promise.resolve());
  await vi.advanceTimersByTimeAsync(10 * LIMIT_MS);
  expect(silent).toBe(0);
  void silence.wait(new Promise(() => {}));
  await vi.advanceTimersByTimeAsync(LIMIT_MS - 1);
  expect(silent).toBe(0);
  await vi.advanceTimersByTimeAsync(1);
  expect(silent).toBe(1);
});
