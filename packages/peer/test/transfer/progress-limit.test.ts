import { getEventListeners } from "node:events";
import { describe, expect, it, vi } from "vitest";
import { ProgressLimit } from "../../src/transfer/index.ts";

describe("a limit without progress", () => {
  it("ends what stands still, and nothing in which something moves", () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      using limit = new ProgressLimit(1_000, "sending quake");
      for (let step = 0; step < 5; step++) {
        vi.advanceTimersByTime(999);
        limit.moved();
      }
      expect(limit.signal.aborted).toBe(false);
      vi.advanceTimersByTime(1_000);
      expect(limit.signal.reason).toMatchObject({
        code: "timeout",
        message: expect.stringContaining("sending quake"),
      });
    } finally {
      vi.useRealTimers();
    }
  });

  it("ends with the outer signal, for its reason, as long as it lives", () => {
    const outer = new AbortController();
    const over = new ProgressLimit(1_000, "before", outer.signal);
    using limit = new ProgressLimit(1_000, "now", outer.signal);
    over[Symbol.dispose]();
    expect(getEventListeners(outer.signal, "abort")).toHaveLength(1);
    outer.abort("enough");
    expect(limit.signal.reason).toBe("enough");
    expect(over.signal.aborted).toBe(false);
  });

  it("leaves nothing behind", () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      const outer = new AbortController();
      {
        using _limit = new ProgressLimit(1_000, "now", outer.signal);
        expect(vi.getTimerCount()).toBe(1);
      }
      expect(vi.getTimerCount()).toBe(0);
      expect(getEventListeners(outer.signal, "abort")).toEqual([]);
    } finally {
      vi.useRealTimers();
    }
  });
});
