import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  BURST_EVENTS,
  LOOK_COST_GAP_LONGEST_MS,
  LOOK_GAP_UNSHARED_MS,
  SETTLE_LONGEST_MS,
  SETTLE_MS,
} from "../../src/library/constants.ts";
import {
  AT_REST,
  isAtRest,
  type LookPace,
  lookBegan,
  lookDueAt,
  lookEnded,
  noted,
  type RootNews,
  settleBegan,
  settled,
  settlesAt,
} from "../../src/library/look-pace.ts";

const PLAIN: RootNews = { walk: false, urgent: false, fresh: false, events: 1 };

interface Look {
  readonly began: number;
  readonly walk: boolean;
}

/** Plays events to a root, each look taking `costMs`; runs until nothing is due any more. */
function play(
  events: readonly (RootNews & { readonly at: number })[],
  costMs: number,
  isShared: boolean,
): Look[] {
  const looks: Look[] = [];
  const waiting = [...events];
  let pace: LookPace = AT_REST;
  let endsAt: number | null = null;
  let now = 0;
  for (;;) {
    const next = Math.min(
      waiting[0]?.at ?? Number.POSITIVE_INFINITY,
      endsAt ?? Number.POSITIVE_INFINITY,
      lookDueAt(pace) ?? Number.POSITIVE_INFINITY,
      settlesAt(pace) ?? Number.POSITIVE_INFINITY,
    );
    if (next === Number.POSITIVE_INFINITY) return looks;
    now = Math.max(now, next);
    const event = waiting[0];
    if (event !== undefined && event.at <= now) {
      waiting.shift();
      pace = noted(pace, event, now);
    } else if (endsAt !== null && endsAt <= now) {
      endsAt = null;
      pace = lookEnded(pace, isShared, now);
    } else if ((settlesAt(pace) ?? Number.POSITIVE_INFINITY) <= now) {
      pace = settled(settleBegan(pace));
    } else {
      looks.push({ began: now, walk: pace.wanted === "walk" });
      pace = lookBegan(pace, now);
      endsAt = now + costMs;
    }
  }
}

describe("the pace of looks at one root", () => {
  const news = fc.record({
    walk: fc.boolean(),
    urgent: fc.boolean(),
    fresh: fc.boolean(),
    events: fc.integer({ min: 1, max: BURST_EVENTS }),
  });
  const script = fc
    .array(fc.record({ news, after: fc.integer({ min: 0, max: 4_000 }) }), { minLength: 1, maxLength: 40 })
    .map((steps) => {
      let at = 0;
      return steps.map((step) => {
        at += step.after;
        return { ...step.news, at };
      });
    });

  it("never loses the last event: a look begins after it, and a walk after the last one that asks for it", () => {
    fc.assert(
      fc.property(script, fc.integer({ min: 0, max: 5_000 }), fc.boolean(), (events, costMs, isShared) => {
        const looks = play(events, costMs, isShared);
        const longest = Math.max(LOOK_GAP_UNSHARED_MS, LOOK_COST_GAP_LONGEST_MS) + costMs;
        for (const event of events) {
          const next = looks.find(({ began, walk }) => began >= event.at && (walk || !event.walk));
          expect(next).toBeDefined();
          expect((next?.began ?? 0) - event.at).toBeLessThanOrEqual(
            event.urgent ? costMs * 2 : longest + costMs,
          );
        }
      }),
    );
  });

  it("looks at a root at rest at once, and at the sentinel as soon as the look that is under way has ended", () => {
    expect(play([{ ...PLAIN, at: 7 }], 1, true).map(({ began }) => began)).toEqual([7]);
    const events = [0, 100, 200, 300, 400].map((at) => ({ ...PLAIN, at }));
    const looks = play([...events, { ...PLAIN, urgent: true, at: 410 }], 50, false);
    expect(looks.map(({ began }) => began)).toEqual([0, 410]);
  });

  it("costs a long copy few looks, and a small change of a shared game a second at most", () => {
    const copy = Array.from({ length: 1_200 }, (_, batch) => ({ ...PLAIN, walk: true, at: batch * 500 }));
    // Ten minutes: 250, 500 … 4,000 ms, and then one every 8 s and a bit.
    expect(play(copy, 5, false).length).toBeLessThan(85);
    const shared = play(copy, 5, true);
    for (const [index, { began }] of shared.slice(1).entries()) {
      expect(began - (shared[index]?.began ?? 0)).toBeLessThanOrEqual(1_000 + 5 + 500);
    }
  });

  it("gives a tenth of the time at most to looks that are dear", () => {
    const copy = Array.from({ length: 240 }, (_, batch) => ({ ...PLAIN, walk: true, at: batch * 500 }));
    expect(play(copy, 2_000, true).length).toBeLessThanOrEqual(7);
  });

  it("settles when nothing new has come for a moment, and in any case after a while", () => {
    const fresh = { ...PLAIN, fresh: true };
    let pace = noted(AT_REST, fresh, 0);
    expect(settlesAt(pace)).toBe(SETTLE_MS);
    for (let now = 0; now <= 2 * SETTLE_LONGEST_MS; now += SETTLE_MS / 2) pace = noted(pace, fresh, now);
    expect(settlesAt(pace)).toBe(SETTLE_LONGEST_MS);
    expect(settlesAt(noted(AT_REST, PLAIN, 0))).toBeNull();
    // So many events at once that some may be missing.
    expect(settlesAt(noted(AT_REST, { ...PLAIN, events: BURST_EVENTS }, 0))).toBe(SETTLE_MS);
  });

  it("forgets a root that has come to rest, and no other", () => {
    let pace = lookEnded(lookBegan(noted(AT_REST, PLAIN, 0), 0), true, 10);
    expect(isAtRest(pace, 11)).toBe(false);
    expect(isAtRest(pace, 10_000)).toBe(true);
    pace = noted(pace, PLAIN, 10_000);
    expect(isAtRest(pace, 20_000)).toBe(false);
  });
});
