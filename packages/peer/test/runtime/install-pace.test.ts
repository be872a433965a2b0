import { describe, expect, it } from "vitest";
import { InstallPace } from "../../src/runtime/install-pace.ts";

function follow(totalBytes = 10_000) {
  const pace = new InstallPace();
  return (now: number, doneBytes: number, phase = "unpacking") => {
    const { bytesPerSecond, etaSeconds } = pace.take({ phase, doneBytes, totalBytes }, now);
    return [bytesPerSecond, etaSeconds];
  };
}

describe("the pace of an install", () => {
  it("is the rate of the last five seconds, and what is left at that rate", () => {
    const at = follow();
    expect(at(0, 0)).toEqual([null, null]);
    expect(at(900, 900)).toEqual([null, null]);
    expect(at(1_000, 1_000)).toEqual([1_000, 9]);
    expect(at(5_000, 3_000)).toEqual([600, 7_000 / 600]);
    // The first second is forgotten.
    expect(at(6_000, 3_500)).toEqual([500, 13]);
    expect(at(11_000, 3_500)).toEqual([0, null]);
    expect(at(11_500, 10_000, "flushing")).toEqual([null, null]);
    expect(at(11_600, 0, "copying"), "of something else nothing is known").toEqual([null, null]);
  });

  it("is of no interest when everything of a phase is done", () => {
    const at = follow();
    at(0, 0);
    expect(at(2_000, 9_999)).toEqual([4_999.5, 1 / 4_999.5]);
    expect(at(3_000, 10_000)).toEqual([null, null]);
  });

  it("begins anew when another source begins anew", () => {
    const at = follow();
    const rates = [at(0, 0), at(2_000, 4_000), at(2_100, 0), at(2_200, 100), at(3_100, 500)];
    expect(rates.map(([rate]) => rate)).toEqual([null, 2_000, null, null, 500]);
  });

  it("is known of small files that come by the thousand", () => {
    const at = follow(1e9);
    let rate: number | null | undefined;
    for (let now = 0; now <= 10_000; now += 0.5) [rate] = at(now, now * 200);
    expect(rate).toBeCloseTo(200_000, -4);
  });
});
