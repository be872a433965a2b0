import { describe, expect, test } from "vitest";
import { BurstPacing, type PathState } from "../src/core/burst-pacing.ts";
import { udpLink } from "./support/links.ts";
import { ask, connectPair, echo } from "./support/pair.ts";

function pacingOf(path: PathState | undefined): BurstPacing {
  return new BurstPacing(() => path);
}

/** The moments at which packets go that want to go at every ms. */
function momentsOf(pacing: BurstPacing, ms: number): number[] {
  return Array.from({ length: ms }, (_, at) => at).filter((at) => {
    const isNow = pacing.sendAtMs(at) === at;
    if (isNow) pacing.sent();
    return isNow;
  });
}

describe("when packets may go", () => {
  test("at once as long as the window is seven datagrams or larger", () => {
    expect(momentsOf(pacingOf({ windowDatagrams: 7, rttMs: 300 }), 100)).toHaveLength(100);
    expect(momentsOf(pacingOf(undefined), 100)).toHaveLength(100);
  });

  test("in bursts while it is smaller, as far apart as the library takes them for one", () => {
    // Ten packets take 10 / (1.25 × 2) round trips, and a round trip of 0 ms is one of less than 1.
    expect(momentsOf(pacingOf({ windowDatagrams: 2, rttMs: 0 }), 13)).toEqual([0, 4, 8, 12]);
    expect(momentsOf(pacingOf({ windowDatagrams: 4, rttMs: 9 }), 61)).toEqual([0, 20, 40, 60]);
  });

  test("with the first of a burst, if they are close behind it", () => {
    const pacing = pacingOf({ windowDatagrams: 2, rttMs: 0 });
    expect(pacing.sendAtMs(7)).toBe(7);
    pacing.sent();
    expect(pacing.sendAtMs(7.5)).toBe(7.5);
    expect(pacing.sendAtMs(7.6)).toBe(11);
  });

  test("at once where nothing went out when it was allowed", () => {
    const pacing = pacingOf({ windowDatagrams: 2, rttMs: 0 });
    expect(pacing.sendAtMs(7)).toBe(7);
    expect(pacing.sendAtMs(8)).toBe(8);
    pacing.sent();
    expect(pacing.sendAtMs(9)).toBe(12);
  });

  test("after 200 ms whatever the round trip", () => {
    expect(momentsOf(pacingOf({ windowDatagrams: 2, rttMs: 10_000 }), 401)).toEqual([0, 200, 400]);
  });

  test("at once again when the window has grown", () => {
    let windowDatagrams = 2;
    const pacing = new BurstPacing(() => ({ windowDatagrams, rttMs: 99 }));
    expect(pacing.sendAtMs(0)).toBe(0);
    pacing.sent();
    windowDatagrams = 7;
    expect(pacing.sendAtMs(24)).toBe(200);
    expect(pacing.sendAtMs(25)).toBe(25);
  });
});

/** What a round trip takes on a machine that other tests keep busy, and far less than what is measured without bursts: seconds. */
const LONG_RTT_MS = 300;

test.each(["cubic", "reno"] as const)(
  "with %s, round trips that are measured do not grow by themselves where 1 of 20 datagrams is lost",
  { timeout: 120_000 },
  async (congestion) => {
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
  },
);
