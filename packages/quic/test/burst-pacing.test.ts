import { describe, expect, test } from "vitest";
import { BurstPacing, type PathState } from "../src/core/burst-pacing.ts";
import { udpLink } from "./support/links.ts";
import { ask, connectPair, echo } from "./support/pair.ts";
import { unlessStandingStill } from "./support/standstill.ts";

function pacingOf(path: PathState | undefined): BurstPacing {
  return new BurstPacing(() => path);
}

/** Whether data may go now; it goes then. */
function goesAt(pacing: BurstPacing, nowMs: number): boolean {
  if (pacing.sendAtMs(nowMs) > nowMs) return false;
  pacing.sent(nowMs);
  return true;
}

/** The moments at which data goes that wants to go twice in every ms. */
function momentsOf(pacing: BurstPacing, ms: number): number[] {
  return Array.from({ length: ms * 2 }, (_, half) => half / 2).filter((at) => goesAt(pacing, at));
}

describe("when data may go", () => {
  test("at once as long as the window is seven datagrams or larger", () => {
    expect(momentsOf(pacingOf({ windowDatagrams: 7, rttMs: 300 }), 100)).toHaveLength(200);
    expect(momentsOf(pacingOf(undefined), 100)).toHaveLength(200);
  });

  test("in bursts of half a ms while it is smaller, so far apart that the library does not take them for one", () => {
    // Ten packets take 10 / (1.25 × 2) round trips, and a round trip of 0 ms is one of less than 1.
    expect(momentsOf(pacingOf({ windowDatagrams: 2, rttMs: 0 }), 12)).toEqual([0, 0.5, 4, 4.5, 8, 8.5]);
    expect(momentsOf(pacingOf({ windowDatagrams: 4, rttMs: 9 }), 42)).toEqual([0, 0.5, 20, 20.5, 40, 40.5]);
  });

  test("at once where nothing went out when it was allowed", () => {
    const pacing = pacingOf({ windowDatagrams: 2, rttMs: 0 });
    expect(pacing.sendAtMs(7)).toBe(7);
    expect(pacing.sendAtMs(8)).toBe(8);
    pacing.sent(8);
    expect(pacing.sendAtMs(9)).toBe(12);
  });

  test("later where an acknowledgement got the stamp, or may have", () => {
    const pacing = pacingOf({ windowDatagrams: 2, rttMs: 1 });
    expect(goesAt(pacing, 0)).toBe(true);
    // The library keeps a stamp for 4 ms at least, and for less than 8: one at 6 may have been a new one.
    pacing.sent(3);
    expect(pacing.sendAtMs(4)).toBe(8);
    pacing.sent(6);
    expect(pacing.sendAtMs(6.2)).toBe(14);
    expect(goesAt(pacing, 14)).toBe(true);
    expect(goesAt(pacing, 14.5)).toBe(true);
  });

  test("after a second whatever the round trip", () => {
    const pacing = pacingOf({ windowDatagrams: 2, rttMs: 10_000 });
    expect(goesAt(pacing, 0)).toBe(true);
    expect(pacing.sendAtMs(999)).toBe(1_000);
    expect(goesAt(pacing, 1_000)).toBe(true);
  });

  test("at once again when the window has grown", () => {
    let windowDatagrams = 2;
    const pacing = new BurstPacing(() => ({ windowDatagrams, rttMs: 99 }));
    expect(goesAt(pacing, 0)).toBe(true);
    expect(pacing.isActive).toBe(true);
    windowDatagrams = 7;
    expect(pacing.sendAtMs(24)).toBe(400);
    expect(pacing.sendAtMs(25)).toBe(25);
    expect(pacing.isActive).toBe(false);
  });
});

/** What a round trip takes on a machine that other tests keep busy, and far less than what is measured without bursts: seconds. */
const LONG_RTT_MS = 300;

test.each(["cubic", "reno"] as const)(
  "with %s, round trips that are measured do not grow by themselves where 1 of 20 datagrams is lost",
  { timeout: 300_000 },
  async (congestion) => {
    // A process that stands still measures that as a round trip.
    await unlessStandingStill(LONG_RTT_MS / 2, async () => {
      await using link = udpLink();
      const { near, far } = await connectPair(link, { client: { congestion }, server: { congestion } });
      echo(far);
      link.trouble.lossRate = 0.05;
      let longestMs = 0;
      for (let i = 0; i < 400; i++) {
        expect(await ask(near, new Uint8Array(3_000))).toHaveLength(3_000);
        longestMs = Math.max(longestMs, near.stats().rttMs, far.stats().rttMs);
      }
      expect(longestMs).toBeLessThan(LONG_RTT_MS);
    });
  },
);
