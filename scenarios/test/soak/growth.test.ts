import { describe, expect, it } from "vitest";
import { growthOf, type Sample } from "../../src/soak/growth.ts";

const MIB = 1_048_576;
const sample = (heapMib: number, files = 20, timers = 30): Sample => ({
  ...{ heapUsed: heapMib * MIB, external: MIB, rss: 100 * MIB, resources: { Timeout: timers }, files },
});
const grown = (...samples: Sample[]): string[] =>
  (growthOf(samples) ?? []).filter(({ isTooMuch }) => isTooMuch).map(({ figure }) => figure);

describe("growth", () => {
  it("cannot be judged from two samples", () => {
    expect(growthOf([sample(20), sample(90)])).toBeNull();
  });

  it("is the median of the last third against that of the first: one high sample is none", () => {
    expect(grown(...[20, 20, 20, 21, 90, 20, 20, 90, 21].map((mib) => sample(mib)))).toEqual([]);
    expect(grown(...[20, 90, 20, 24, 25, 26, 27, 28, 29].map((mib) => sample(mib)))).toEqual(["heap"]);
  });

  it("of handles is seen apart from that of memory", () => {
    expect(grown(sample(20), sample(20), sample(20, 24))).toEqual(["files"]);
    expect(grown(sample(20), sample(20), sample(20, 20, 34))).toEqual(["Timeout"]);
    expect(grown(sample(20), sample(20), sample(20, 23, 33))).toEqual([]);
  });
});
