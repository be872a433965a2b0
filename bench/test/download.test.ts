import { expect, test } from "vitest";
import { percentile } from "../src/download/percentile.ts";
import { steadyMbPerS } from "../src/download/steady.ts";

test("the steady rate leaves out how a download begins and ends", () => {
  // 100 bytes in all: a slow first tenth, 0.01 MB/s in between, and a last tenth that comes late.
  const arrivals = [
    { at: 1_000, bytes: 10 },
    { at: 1_001, bytes: 10 },
    { at: 1_002, bytes: 10 },
    { at: 1_006, bytes: 40 },
    { at: 1_008, bytes: 20 },
    { at: 5_000, bytes: 10 },
  ];
  expect(steadyMbPerS(arrivals, 100)).toBeCloseTo(70 / 7 / 1e3);
});

test.each([
  [[]],
  [[{ at: 1, bytes: 100 }]],
  [
    [
      { at: 1, bytes: 50 },
      { at: 2, bytes: 50 },
    ],
  ],
])("there is no steady rate of too few arrivals", (arrivals) => {
  expect(steadyMbPerS(arrivals, 100)).toBeNull();
});

test("a percentile is one of the values, and the last one is the largest", () => {
  const values = Array.from({ length: 200 }, (_, i) => 200 - i);
  expect(percentile(values, 0.99)).toBe(198);
  expect(percentile(values, 1)).toBe(200);
  expect(percentile([7], 0.99)).toBe(7);
  expect(percentile([], 0.99)).toBeNull();
});
