import { createVirtualClock } from "@lanspread/testkit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { backoffMs } from "../../src/peers/backoff.ts";
import {
  BACKOFF_FIRST_MS,
  BACKOFF_LONGEST_MS,
  PING_AFTER_MS,
  PONG_TIMEOUT_MS,
  SILENCE_LIMIT_MS,
} from "../../src/peers/constants.ts";
import { Heartbeat } from "../../src/peers/heartbeat.ts";
import { heard, missedPing, nextStep, pinged } from "../../src/peers/liveness.ts";

describe("nextStep", () => {
  it.each([
    ["waits while something was heard", heard(0), 0, { do: "wait", forMs: 15_000 }],
    ["waits for the rest of the idle time", heard(0), 14_999, { do: "wait", forMs: 1 }],
    ["pings an idle connection", heard(0), 15_000, { do: "ping" }],
    ["waits for the pong", pinged(heard(0), 15_000), 15_000, { do: "wait", forMs: 10_000 }],
    ["counts a late pong as missed", pinged(heard(0), 15_000), 25_000, { do: "miss" }],
    ["pings again", missedPing(pinged(heard(0), 15_000)), 25_000, { do: "ping" }],
    [
      "gives up after two missed pings",
      missedPing(missedPing(heard(0))),
      35_000,
      { do: "lose", reason: "2 pings without answer" },
    ],
    [
      "gives up after a long silence, whatever became of the pings",
      pinged(heard(0), 44_000),
      45_000,
      { do: "lose", reason: "nothing heard for 45 s" },
    ],
  ])("%s", (_, state, now, step) => {
    expect(nextStep(state, now)).toEqual(step);
  });

  it("never waits past the limit of silence, and never for nothing", () => {
    const times = fc.record({
      silence: fc.integer({ min: 0, max: 2 * SILENCE_LIMIT_MS }),
      pingedBefore: fc.option(fc.integer({ min: 0, max: 2 * PONG_TIMEOUT_MS })),
      missed: fc.integer({ min: 0, max: 3 }),
    });
    fc.assert(
      fc.property(times, ({ silence, pingedBefore, missed }) => {
        const now = 1_000_000;
        const pingedAt = pingedBefore === null ? null : now - pingedBefore;
        const step = nextStep({ heardAt: now - silence, pingedAt, missed }, now);
        if (silence >= SILENCE_LIMIT_MS) return step.do === "lose";
        return step.do !== "wait" || (step.forMs > 0 && silence + step.forMs <= SILENCE_LIMIT_MS);
      }),
    );
  });
});

describe("Heartbeat", () => {
  function rig(ping: (signal: AbortSignal) => Promise<void>) {
    const clock = createVirtualClock();
    const lost: { reason: string; at: number }[] = [];
    let pings = 0;
    const heartbeat = new Heartbeat({
      clock,
      ping: (signal) => {
        pings += 1;
        return ping(signal);
      },
      onLost: (reason) => lost.push({ reason, at: clock.now() }),
    });
    return { clock, lost, heartbeat, pings: () => pings };
  }
  const never = () => new Promise<void>(() => {});

  it("sends no ping while messages come", () => {
    const { clock, heartbeat, pings } = rig(never);
    for (let i = 0; i < 100; i++) {
      clock.advance(PING_AFTER_MS - 1);
      heartbeat.heard();
    }
    expect(pings()).toBe(0);
  });

  it("pings for ever and loses nobody while pongs come", async () => {
    const { clock, lost, pings } = rig(async () => {});
    await clock.advanceAsync(10 * PING_AFTER_MS);
    expect(pings()).toBe(10);
    expect(lost).toEqual([]);
  });

  it("loses a silent peer once, after two missed pings", async () => {
    const { clock, lost, pings } = rig(never);
    await clock.advanceAsync(10 * SILENCE_LIMIT_MS);
    expect(pings()).toBe(2);
    expect(lost).toEqual([{ reason: "2 pings without answer", at: 35_000 }]);
    expect(clock.pending).toBe(0);
  });

  it("takes any message for an answer to a ping, and lets that ping end by itself", async () => {
    let ended = 0;
    const { clock, lost, heartbeat } = rig(async (signal) => {
      signal.addEventListener("abort", () => {
        ended += 1;
      });
      await never();
    });
    await clock.advanceAsync(PING_AFTER_MS + PONG_TIMEOUT_MS);
    heartbeat.heard();
    await clock.advanceAsync(PING_AFTER_MS + PONG_TIMEOUT_MS);
    expect(lost).toEqual([]);
    // The two that were missed: what came instead of the second one may have been its pong.
    expect(ended).toBe(2);
  });

  it("a ping that fails at once counts when its time is up, not before", async () => {
    const { clock, lost } = rig(async () => {
      throw new Error("no");
    });
    await clock.advanceAsync(34_999);
    expect(lost).toEqual([]);
    await clock.advanceAsync(1);
    expect(lost).toHaveLength(1);
  });

  it("does nothing after it was stopped", async () => {
    const { clock, lost, heartbeat, pings } = rig(never);
    heartbeat.stop();
    await clock.advanceAsync(10 * SILENCE_LIMIT_MS);
    expect([pings(), lost, clock.pending]).toEqual([0, [], 0]);
  });
});

describe("backoffMs", () => {
  it("doubles to its bound", () => {
    expect([1, 2, 3, 6, 7, 8, 1_000].map((failures) => backoffMs(failures, 0))).toEqual([
      500, 1_000, 2_000, 16_000, 30_000, 30_000, 30_000,
    ]);
  });

  it("stays within its bounds whatever chance says", () => {
    const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), random, (failures, chance) => {
        const pause = backoffMs(failures, chance);
        return pause >= BACKOFF_FIRST_MS && pause <= BACKOFF_LONGEST_MS;
      }),
    );
  });
});
