import { asGameId, type GameId } from "@lanspread/proto";
import { createVirtualClock } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import { ROOTS_AT_ONCE, SETTLE_MS } from "../../src/library/constants.ts";
import type { RootNews } from "../../src/library/look-pace.ts";
import { RootLooks } from "../../src/library/root-looks.ts";

const HAS_COME: RootNews = { walk: false, urgent: true, fresh: true, events: 1 };
const CHANGED: RootNews = { walk: false, urgent: true, fresh: false, events: 1 };

function ids(count: number): GameId[] {
  return Array.from({ length: count }, (_, n) => asGameId(`game${n}`));
}

describe("the roots that something happens in", () => {
  it("are looked at while watches of many new ones are being taken, however long that takes", async () => {
    const clock = createVirtualClock();
    const looked: GameId[] = [];
    const taken = Promise.withResolvers<void>();
    let refreshes = 0;
    const looks = new RootLooks({
      clock,
      look: async (id) => {
        looked.push(id);
        return true;
      },
      refresh: () => {
        refreshes += 1;
        return taken.promise;
      },
      wake: () => {},
      onFailure: (error) => expect.unreachable(String(error)),
    });
    for (const id of ids(2 * ROOTS_AT_ONCE)) looks.note(id, HAS_COME);
    for (let round = 0; round < 3; round += 1) {
      looks.start();
      await clock.advanceAsync(SETTLE_MS);
    }
    expect([refreshes, looked.length]).toEqual([2 * ROOTS_AT_ONCE, 2 * ROOTS_AT_ONCE]);
    const other = asGameId("other");
    looks.note(other, CHANGED);
    expect(looks.dueAt()).toBeLessThanOrEqual(clock.now());
    looks.start();
    expect(looked.at(-1)).toBe(other);
    taken.resolve();
    await looks.idle();
  });

  it("are looked at side by side, no more than a few at once, and one after the other all of them", async () => {
    const clock = createVirtualClock();
    let running = 0;
    let most = 0;
    let ended = 0;
    const looks = new RootLooks({
      clock,
      look: async () => {
        running += 1;
        most = Math.max(most, running);
        await Promise.resolve();
        running -= 1;
        ended += 1;
        return true;
      },
      refresh: async () => {},
      wake: () => looks.start(),
      onFailure: (error) => expect.unreachable(String(error)),
    });
    for (const id of ids(5 * ROOTS_AT_ONCE)) looks.note(id, CHANGED);
    for (let round = 0; round < 5; round += 1) await looks.idle();
    expect([ended, most]).toEqual([5 * ROOTS_AT_ONCE, ROOTS_AT_ONCE]);
  });
});
