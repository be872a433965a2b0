import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createFrameBudget } from "../../src/serve/frame-budget.ts";
import { createRequestAllowance } from "../../src/serve/request-allowance.ts";
import { createSlots } from "../../src/serve/slots.ts";

describe("the allowance of requests", () => {
  it("grants one second's requests at once, and then as many as time passes", () => {
    const allowance = createRequestAllowance({ perSecond: 50, peers: 10 });
    const taken = (now: number, times: number): number =>
      Array.from({ length: times }, () => allowance.take("a", now)).filter(Boolean).length;
    expect(taken(0, 60)).toBe(50);
    expect(taken(19, 5)).toBe(0);
    expect(taken(100, 60)).toBe(5);
    expect(taken(100_000, 60)).toBe(50);
  });

  it("counts each peer by itself", () => {
    const allowance = createRequestAllowance({ perSecond: 1, peers: 10 });
    expect(allowance.take("a", 0)).toBe(true);
    expect(allowance.take("a", 0)).toBe(false);
    expect(allowance.take("b", 0)).toBe(true);
  });

  it("never grants more than a second's requests and the rate, however they come", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(200), { maxLength: 300 }), (gaps) => {
        const allowance = createRequestAllowance({ perSecond: 5, peers: 10 });
        let now = 0;
        let granted = 0;
        for (const gap of gaps) {
          now += gap;
          if (allowance.take("a", now)) granted += 1;
        }
        expect(granted).toBeLessThanOrEqual(5 + (now / 1000) * 5 + 1e-6);
      }),
    );
  });

  it("may hold more or less than one second's, and takes amounts", () => {
    const allowance = createRequestAllowance({ perSecond: 10, atOnce: 100, peers: 10 });
    expect(allowance.take("a", 0, 101)).toBe(false);
    expect(allowance.take("a", 0, 100)).toBe(true);
    expect(allowance.take("a", 5_999, 60)).toBe(false);
    expect(allowance.take("a", 6_001, 60)).toBe(true);
    expect(allowance.take("a", 1_000_000, 101)).toBe(false);
  });

  it("forgets quiet peers, never one that has used its allowance", () => {
    const allowance = createRequestAllowance({ perSecond: 2, peers: 3 });
    for (let taken = 0; taken < 2; taken++) allowance.take("flood", 1000);
    for (let peer = 0; peer < 100; peer++) allowance.take(`p${peer}`, peer * 10);
    expect(allowance.take("flood", 1000)).toBe(false);
    const before = allowance.size;
    allowance.take("later", 1_000_000);
    expect(before).toBeGreaterThan(3);
    expect(allowance.size).toBe(1);
  });
});

it("the budget of frames bounds each peer and all, and takes everything back", () => {
  const sizes = fc.array(
    fc.record({ peer: fc.constantFrom("a", "b", "c"), bytes: fc.nat(80), give: fc.boolean() }),
  );
  fc.assert(
    fc.property(sizes, (steps) => {
      const budget = createFrameBudget({ perPeer: 100, all: 200, always: 20 });
      const held: { peer: string; bytes: number; reserved: Disposable }[] = [];
      const used = (peer?: string): number =>
        held
          .filter((one) => peer === undefined || one.peer === peer)
          .reduce((sum, one) => sum + one.bytes, 0);
      for (const { peer, bytes, give } of steps) {
        const oldest = give ? held.shift() : undefined;
        oldest?.reserved[Symbol.dispose]();
        // Given back twice counts once.
        oldest?.reserved[Symbol.dispose]();
        const own = used(peer) + bytes;
        const fits = own <= 100 && (used() + bytes <= 200 || own <= 20);
        const reserved = budget.reserve(peer, bytes);
        expect(reserved !== null).toBe(fits);
        if (reserved !== null) held.push({ peer, bytes, reserved });
      }
      for (const { reserved } of held) reserved[Symbol.dispose]();
      expect(budget.reserve("a", 100)).not.toBeNull();
      expect(budget.reserve("b", 100)).not.toBeNull();
    }),
  );
});

describe("slots", () => {
  /** Lets everything run that waits for nothing but its turn. */
  const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  it("let one key not take the places of others, and start who waits in turn", async () => {
    const slots = createSlots({ perKey: 2, all: 3 });
    const started: string[] = [];
    const acquire = async (name: string, key: string): Promise<Disposable> => {
      const slot = await slots.acquire(key);
      started.push(name);
      return slot;
    };
    const [a1, , a3, b1, b2] = ["a1", "a2", "a3", "b1", "b2"].map((name) => acquire(name, name.charAt(0)));
    await settle();
    expect(started).toEqual(["a1", "a2", "b1"]);
    (await b1)?.[Symbol.dispose]();
    await settle();
    expect(started).toEqual(["a1", "a2", "b1", "b2"]);
    (await a1)?.[Symbol.dispose]();
    (await a1)?.[Symbol.dispose]();
    await settle();
    expect(started).toEqual(["a1", "a2", "b1", "b2", "a3"]);
    (await b2)?.[Symbol.dispose]();
    (await a3)?.[Symbol.dispose]();
    await acquire("c1", "c");
    expect(started).toContain("c1");
  });

  it("let nobody overtake who waits for more of them", async () => {
    const slots = createSlots({ perKey: 5, all: 16 });
    const started: string[] = [];
    const acquire = async (name: string, places: number): Promise<Disposable> => {
      const slot = await slots.acquire(name.charAt(0), { places });
      started.push(name);
      return slot;
    };
    const [a1, a2] = [acquire("a1", 1), acquire("a2", 4)];
    const waiting = [acquire("a3", 4), acquire("a4", 1), acquire("b1", 4)];
    (await a1)[Symbol.dispose]();
    const late = acquire("a5", 1);
    await settle();
    expect(started).toEqual(["a1", "a2", "b1"]);
    (await a2)[Symbol.dispose]();
    await Promise.all(waiting);
    expect(started).toEqual(["a1", "a2", "b1", "a3", "a4"]);
    (await waiting[0])?.[Symbol.dispose]();
    await late;
  });

  it("are kept for who needs more than are left at all, also from those who come later", async () => {
    const slots = createSlots({ perKey: 4, all: 6 });
    const [a, b] = [await slots.acquire("a", { places: 3 }), await slots.acquire("b", { places: 2 })];
    const started: string[] = [];
    const acquire = async (key: string, places: number, signal?: AbortSignal): Promise<Disposable> => {
      const slot = await slots.acquire(key, { places, ...(signal === undefined ? {} : { signal }) });
      started.push(key);
      return slot;
    };
    const leaving = new AbortController();
    const left = acquire("c", 4, leaving.signal);
    const large = acquire("d", 4);
    const late = [acquire("e", 1), acquire("f", 1)];
    await settle();
    expect(started).toEqual([]);
    leaving.abort(new Error("gone"));
    await expect(left).rejects.toThrow("gone");
    b[Symbol.dispose]();
    await settle();
    expect(started).toEqual([]);
    a[Symbol.dispose]();
    await Promise.all([large, ...late]);
    expect(started).toEqual(["d", "e", "f"]);
  });

  it("go to the next one where somebody leaves who was in the way", async () => {
    const slots = createSlots({ perKey: 4, all: 4 });
    await slots.acquire("a");
    const leaving = new AbortController();
    const left = slots.acquire("b", { places: 4, signal: leaving.signal });
    const next = slots.acquire("c");
    leaving.abort(new Error("gone"));
    await expect(left).rejects.toThrow("gone");
    await next;
  });

  it("are not given to who has left the queue", async () => {
    const slots = createSlots({ perKey: 1, all: 1 });
    const first = await slots.acquire("a");
    const controller = new AbortController();
    const left = slots.acquire("a", { signal: controller.signal });
    const next = slots.acquire("b");
    controller.abort(new Error("gone"));
    await expect(left).rejects.toThrow("gone");
    first[Symbol.dispose]();
    await expect(next).resolves.toBeDefined();
    await expect(slots.acquire("a", { signal: controller.signal })).rejects.toThrow("gone");
  });
});
