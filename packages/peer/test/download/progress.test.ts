import { asPeerId } from "@lanspread/proto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ProgressMeter, RateMeter } from "../../src/download/progress.ts";

const A = asPeerId("00000000-0000-8000-8000-00000000000a");
const B = asPeerId("00000000-0000-8000-8000-00000000000b");

describe("a rate", () => {
  it("is that of the last five seconds", () => {
    const meter = new RateMeter(1000);
    for (let now = 1000; now < 11_000; now += 100) meter.add(10, now);
    expect(meter.rate(11_000)).toBeCloseTo(100, -1);
    expect(meter.rate(13_500)).toBeCloseTo(50, -1);
    expect(meter.rate(17_000)).toBe(0);
  });

  it("is that of the time since the beginning before five seconds have passed", () => {
    const meter = new RateMeter(0);
    meter.add(500, 100);
    expect(meter.rate(1000)).toBe(500);
    expect(meter.rate(2000)).toBe(250);
  });

  it("is steady when bytes come in bursts after a stall", () => {
    const meter = new RateMeter(0);
    meter.add(1000, 9_000);
    // A burst counts as what came within the window, not as what came in that moment.
    expect(meter.rate(9_001)).toBe(200);
  });

  it("is the window's sum whatever came when", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(2000), fc.nat(1e6)), { maxLength: 60 }), (steps) => {
        const meter = new RateMeter(0);
        const added: { at: number; bytes: number }[] = [];
        let now = 0;
        for (const [pause, bytes] of steps) {
          now += pause;
          meter.add(bytes, now);
          added.push({ at: now, bytes });
        }
        const sumSince = (from: number): number =>
          added.filter(({ at }) => at > from).reduce((sum, { bytes }) => sum + bytes, 0);
        const span = Math.min(5000, Math.max(now, 100));
        const rate = (meter.rate(now) * span) / 1000;
        // Slots are 100 ms long: what is that near the edge may be in or out.
        expect(rate).toBeGreaterThanOrEqual(sumSince(now - 4900) - 1e-3);
        expect(rate).toBeLessThanOrEqual(sumSince(now - 5001) + 1e-3);
      }),
    );
  });
});

describe("the progress", () => {
  it("counts verified bytes for the bar and received bytes for the rate", () => {
    const meter = new ProgressMeter(1000, 200, 0);
    expect(meter.sample(0, 0)).toEqual({
      doneBytes: 200,
      totalBytes: 1000,
      bytesPerSecond: 0,
      etaSeconds: null,
      sources: 0,
      rates: {},
    });
    meter.received(A, 300, 500);
    meter.received(B, 100, 500);
    meter.verified(300);
    expect(meter.sample(2000, 2)).toEqual({
      doneBytes: 500,
      totalBytes: 1000,
      bytesPerSecond: 200,
      etaSeconds: expect.closeTo(500 / (400 / 1.5)),
      sources: 2,
      rates: { [A]: 150, [B]: 50 },
    });
    expect(meter.rateOf(A, 2000)).toBe(150);
    meter.verified(500);
    expect(meter.sample(20_000, 0)).toMatchObject({
      doneBytes: 1000,
      bytesPerSecond: 0,
      etaSeconds: 0,
    });
  });
});

describe("the time left", () => {
  const MB = 1_000_000;

  /** Bytes that come evenly, 1 MB/s, from one time to another; each counts. */
  function flow(meter: ProgressMeter, from: number, to: number): void {
    for (let now = from; now < to; now += 100) {
      meter.received(A, MB / 10, now);
      meter.verified(MB / 10);
    }
  }

  it("forgets the rates of those who came and left by the hundred, and of nobody else", () => {
    const meter = new ProgressMeter(1_000_000, 0, 0);
    const peer = (n: number) => asPeerId(`00000000-0000-8000-8000-${String(n).padStart(12, "0")}`);
    for (let n = 0; n < 300; n++) meter.received(peer(n), 1, 100);
    expect(Object.keys(meter.sample(200, 300).rates)).toHaveLength(300);
    meter.received(A, 1_000, 10_000);
    const { rates } = meter.sample(10_000, 1);
    expect(Object.keys(rates)).toHaveLength(256);
    expect(rates[A]).toBeGreaterThan(0);
  });

  it("is not told by the first burst", () => {
    const meter = new ProgressMeter(100 * MB, 0, 0);
    expect(meter.sample(0, 1).etaSeconds).toBeNull();
    flow(meter, 700, 1700);
    expect(meter.sample(1600, 1).etaSeconds).toBeNull();
    expect(meter.sample(1700, 1).etaSeconds).toBeCloseTo(99, 0);
  });

  it("is unknown while nothing comes", () => {
    const meter = new ProgressMeter(100 * MB, 0, 0);
    flow(meter, 0, 10_000);
    expect(meter.sample(11_000, 1).etaSeconds).toBeLessThan(120);
    // The rate of the last five seconds would say over four minutes.
    expect(meter.sample(13_500, 0)).toMatchObject({ etaSeconds: null });
    expect(meter.sample(13_500, 0).bytesPerSecond).toBeGreaterThan(0);
  });

  it("does not have a stall in it when bytes come again", () => {
    const meter = new ProgressMeter(100 * MB, 0, 0);
    flow(meter, 0, 10_000);
    flow(meter, 20_000, 22_000);
    const { etaSeconds, bytesPerSecond } = meter.sample(22_000, 1);
    expect(bytesPerSecond).toBeCloseTo((2 * MB) / 5);
    expect(etaSeconds).toBeCloseTo(88, 0);
  });

  it("is nothing at the end, however long ago the last byte came", () => {
    const meter = new ProgressMeter(MB, 0, 0);
    flow(meter, 0, 1000);
    expect(meter.sample(60_000, 0).etaSeconds).toBe(0);
  });
});
