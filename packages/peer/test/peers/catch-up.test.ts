import { asPeerId, type PeerId } from "@lanspread/proto";
import { createVirtualClock } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import { CatchUp } from "../../src/peers/catch-up.ts";
import { ASK_AGAIN_MS, CATCH_UP_AFTER_MS, OLDER_ANNOUNCEMENT_MS } from "../../src/peers/constants.ts";

const ONE = asPeerId("00000000-0000-8000-8000-000000000001");
const OTHER = asPeerId("00000000-0000-8000-8000-000000000002");
const LONG_MS = 300_000;

function rig(ask: (peerId: PeerId) => Promise<void> = async () => {}) {
  const clock = createVirtualClock();
  const held = new Map<PeerId, number>();
  const asked: number[] = [];
  const catchUp = new CatchUp({
    clock,
    held: (peerId) => held.get(peerId),
    ask: async (peerId) => {
      asked.push(clock.now());
      await ask(peerId);
    },
  });
  return { clock, held, asked, catchUp };
}

describe("CatchUp, of a newer revision that is announced", () => {
  it("asks once when it was announced for 2 s", async () => {
    const { clock, held, asked, catchUp } = rig(async () => void held.set(ONE, 5));
    held.set(ONE, 4);
    catchUp.announced(ONE, 5);
    catchUp.announced(ONE, 5);
    await clock.advanceAsync(CATCH_UP_AFTER_MS - 1);
    expect(asked).toEqual([]);
    await clock.advanceAsync(LONG_MS);
    expect(asked).toEqual([CATCH_UP_AFTER_MS]);
    expect(clock.pending).toBe(0);
  });

  it("asks for nothing when the change comes by itself, or the peer is not connected", async () => {
    const { clock, held, asked, catchUp } = rig();
    held.set(ONE, 4);
    catchUp.announced(ONE, 5);
    await clock.advanceAsync(1_000);
    held.set(ONE, 5);
    catchUp.announced(OTHER, 9);
    await clock.advanceAsync(60_000);
    expect(asked).toEqual([]);
    // It is connected now, by a hello that was older than its announcement.
    held.set(OTHER, 8);
    catchUp.greeted(OTHER);
    await clock.advanceAsync(CATCH_UP_AFTER_MS);
    expect(asked).toEqual([61_000 + CATCH_UP_AFTER_MS]);
  });

  it("asks for nothing while changes come one after the other, each a little later than its announcement", async () => {
    const { clock, held, asked, catchUp } = rig();
    for (let revision = 1; revision < 100; revision++) {
      held.set(ONE, revision);
      catchUp.announced(ONE, revision + 1);
      await clock.advanceAsync(700);
    }
    held.set(ONE, 100);
    await clock.advanceAsync(LONG_MS);
    expect(asked).toEqual([]);
  });

  it("asks only once a peer that announces more than it has, and again when it announces something else", async () => {
    const { clock, held, asked, catchUp } = rig();
    held.set(ONE, 4);
    catchUp.announced(ONE, 99);
    await clock.advanceAsync(LONG_MS);
    catchUp.announced(ONE, 99);
    await clock.advanceAsync(LONG_MS);
    expect(asked).toHaveLength(1);
    catchUp.announced(ONE, 100);
    await clock.advanceAsync(LONG_MS);
    expect(asked).toHaveLength(2);
    // It has begun anew since, and gets as far a second time: that is news.
    catchUp.announced(ONE, 4);
    catchUp.announced(ONE, 100);
    await clock.advanceAsync(LONG_MS);
    expect(asked).toHaveLength(3);
  });
});

describe("CatchUp, of an older revision that is announced", () => {
  it("asks once when it stays: the peer may have begun anew", async () => {
    const { clock, held, asked, catchUp } = rig();
    held.set(ONE, 300);
    catchUp.announced(ONE, 1);
    await clock.advanceAsync(OLDER_ANNOUNCEMENT_MS - 1);
    expect(asked).toEqual([]);
    await clock.advanceAsync(LONG_MS);
    expect(asked).toEqual([OLDER_ANNOUNCEMENT_MS]);
    expect(clock.pending).toBe(0);
  });

  it("asks for nothing while announcements follow the changes, however late", async () => {
    const { clock, held, asked, catchUp } = rig();
    for (let revision = 6; revision < 100; revision++) {
      held.set(ONE, revision);
      catchUp.announced(ONE, revision - 5);
      await clock.advanceAsync(OLDER_ANNOUNCEMENT_MS - 1);
    }
    catchUp.announced(ONE, 99);
    await clock.advanceAsync(LONG_MS);
    expect(asked).toEqual([]);
  });
});

describe("CatchUp, of what is held and doubtful", () => {
  it("asks at once, and not more often than every 2 s", async () => {
    const { clock, held, asked, catchUp } = rig();
    held.set(ONE, 4);
    for (let i = 0; i < 100; i++) {
      catchUp.doubt(ONE);
      await clock.advanceAsync(100);
    }
    await clock.advanceAsync(LONG_MS);
    expect(asked).toEqual([0, 2_000, 4_000, 6_000, 8_000, 10_000]);
    expect(clock.pending).toBe(0);
  });

  it("asks once more where the doubt came while an answer was under way", async () => {
    const answers: PromiseWithResolvers<void>[] = [];
    const { clock, held, asked, catchUp } = rig(() => {
      const answer = Promise.withResolvers<void>();
      answers.push(answer);
      return answer.promise;
    });
    held.set(ONE, 4);
    catchUp.doubt(ONE);
    await clock.advanceAsync(1);
    catchUp.doubt(ONE);
    await clock.advanceAsync(LONG_MS);
    expect(asked).toHaveLength(1);
    answers[0]?.resolve();
    await clock.advanceAsync(LONG_MS);
    expect(asked).toHaveLength(2);
  });

  it("doubts no more when a hello has brought everything", async () => {
    const { clock, held, asked, catchUp } = rig();
    catchUp.doubt(ONE);
    await clock.advanceAsync(LONG_MS);
    held.set(ONE, 4);
    catchUp.greeted(ONE);
    await clock.advanceAsync(LONG_MS);
    expect(asked).toEqual([]);
  });

  it("tries again later when asking failed, until the peer is forgotten", async () => {
    const { clock, held, asked, catchUp } = rig(async () => {
      throw new Error("busy");
    });
    held.set(ONE, 4);
    catchUp.announced(ONE, 5);
    await clock.advanceAsync(CATCH_UP_AFTER_MS + 2 * ASK_AGAIN_MS);
    expect(asked).toEqual([0, 1, 2].map((times) => CATCH_UP_AFTER_MS + times * ASK_AGAIN_MS));
    catchUp.forget(ONE);
    await clock.advanceAsync(LONG_MS);
    expect(asked).toHaveLength(3);
    expect(clock.pending).toBe(0);
  });
});

describe("CatchUp, of a peer whose record is gone", () => {
  it("goes on asking while it is connected and what is held of it is in doubt", async () => {
    let isReachable = false;
    const { clock, held, asked, catchUp } = rig(async () => {
      if (!isReachable) throw new Error("nobody answers");
    });
    held.set(ONE, 4);
    catchUp.announced(ONE, 4);
    catchUp.doubt(ONE);
    await clock.advanceAsync(0);
    expect(asked).toEqual([0]);
    catchUp.unannounced(ONE);
    isReachable = true;
    await clock.advanceAsync(LONG_MS);
    expect(asked).toEqual([0, ASK_AGAIN_MS]);
    expect(clock.pending).toBe(0);
  });

  it("asks for nothing that only the record has said, and forgets who is not connected", async () => {
    const { clock, held, asked, catchUp } = rig();
    held.set(ONE, 4);
    for (const peerId of [ONE, OTHER]) {
      catchUp.announced(peerId, 5);
      await clock.advanceAsync(CATCH_UP_AFTER_MS - 1);
      catchUp.unannounced(peerId);
    }
    held.set(OTHER, 4);
    catchUp.check(OTHER);
    await clock.advanceAsync(LONG_MS);
    expect(asked).toEqual([]);
    expect(clock.pending).toBe(0);
  });
});
