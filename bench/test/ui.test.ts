import { expect, test } from "vitest";
import { verdictOf } from "../src/bench.ts";
import { reportOf } from "../src/ui/index.ts";

const FILES = [
  { name: "index.html", bytes: 500, compressed: 300 },
  { name: "app-1.js", bytes: 300_000, compressed: 100_000 },
];

function start(painted: number) {
  return { asked: painted - 200, painted, games: painted + 100 };
}

test("without a browser the size is held against its bar, the rest is not measured, and a note says why", () => {
  const { bars, notes, tables } = reportOf(null, FILES);
  expect(bars.map(verdictOf)).toEqual(["not measured", "not measured", "not measured", "pass"]);
  expect(notes).toEqual([expect.stringContaining("no Chromium")]);
  expect(tables).toHaveLength(1);
});

test("bars are held against later starts, the library, and the medians of the rounds", () => {
  const scroll = (longest: number) => ({ frames: [16, longest, 17], longestTask: 0, distance: 100 });
  const { bars } = reportOf(
    {
      starts: [start(5_000), start(900), start(800), start(1_500)],
      scrolls: { library: [scroll(20), scroll(45), scroll(400)], party: [scroll(70)] },
      watched: { library: [{ idle: 1, busy: 11 }], party: [{ idle: 1, busy: 5 }] },
    },
    [{ name: "app.js", bytes: 900_000, compressed: 250_001 }],
  );
  expect(bars.map(({ measured }) => measured)).toEqual([900, 45, 11, 250.001]);
  expect(bars.map(verdictOf)).toEqual(["pass", "pass", "FAIL", "FAIL"]);
});
