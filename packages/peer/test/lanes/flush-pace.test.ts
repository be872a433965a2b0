import { describe, expect, it } from "vitest";
import { FLUSHES_BEFORE_OWN, QUICK_FLUSH_MS, QUICK_POOLED_FLUSH_MS } from "../../src/lanes/constants.ts";
import { FlushPace } from "../../src/lanes/flush-pace.ts";

describe("who flushes the next file", () => {
  it("is the pool, as long as it is not known to be quick", () => {
    const pace = new FlushPace();
    expect(pace.isOwn).toBe(false);
    pace.pooledTook(QUICK_POOLED_FLUSH_MS * 2);
    expect(pace.isOwn).toBe(false);
  });

  it("is the own thread where the pool was quick, until one takes long", () => {
    const pace = new FlushPace();
    pace.pooledTook(QUICK_POOLED_FLUSH_MS / 2);
    expect(pace.isOwn).toBe(true);
    pace.ownTook(QUICK_FLUSH_MS / 2);
    expect(pace.isOwn).toBe(true);
    pace.ownTook(QUICK_FLUSH_MS * 2);
    expect(pace.isOwn).toBe(false);
  });

  it("is the pool again for long where the own thread had to wait", () => {
    const pace = new FlushPace();
    pace.pooledTook(0);
    pace.ownTook(QUICK_FLUSH_MS * 2);
    for (let flush = 0; flush < FLUSHES_BEFORE_OWN; flush++) {
      pace.pooledTook(0);
      expect(pace.isOwn).toBe(false);
    }
    pace.pooledTook(0);
    expect(pace.isOwn).toBe(true);
  });
});
