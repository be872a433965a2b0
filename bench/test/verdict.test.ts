import { expect, test } from "vitest";
import { verdictOf } from "../src/bench.ts";
import { formatTable } from "../src/format.ts";
import { formatNumber, median, medianRatio } from "../src/statistics.ts";

test.each([
  [{ measured: 40, atLeast: 40 }, "pass"],
  [{ measured: 39.9, atLeast: 40 }, "FAIL"],
  [{ measured: 2, atMost: 2 }, "pass"],
  [{ measured: 2.01, atMost: 2 }, "FAIL"],
  [{ measured: null, atLeast: 40 }, "not measured"],
  [{ measured: Number.NaN, atMost: 2 }, "FAIL"],
] as const)("%j: %s", (bar, verdict) => {
  expect(verdictOf({ what: "x", ...bar })).toBe(verdict);
});

test("medians, and ratios that stay within their round", () => {
  expect(median([])).toBeNull();
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 2, 3])).toBe(2.5);
  expect(medianRatio([10, 100, 30], [10, 50, 10])).toBe(2);
  expect(medianRatio([10], [])).toBeNull();
});

test("numbers keep three significant digits", () => {
  expect([0.014_33, 1.234, 54.26, 817.6, 1_356.4, 0].map(formatNumber)).toEqual([
    "0.0143",
    "1.23",
    "54.3",
    "818",
    "1356",
    "0.00",
  ]);
});

test("a table is Markdown", () => {
  const table = formatTable({ title: "T", columns: ["what", "n"], rows: [["a", 1.5]] });
  expect(table).toBe("T\n\n| what | n    |\n| ---- | ---- |\n| a    | 1.50 |");
});
