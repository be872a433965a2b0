import { describe, expect, it } from "vitest";
import { mapLimited } from "../../src/library/map-limited.ts";
import { createSingleFlight } from "../../src/library/single-flight.ts";

describe("createSingleFlight", () => {
  it("runs once more, and only once, for all who ask during a run", async () => {
    const gates: PromiseWithResolvers<void>[] = [];
    const superseded: boolean[] = [];
    let running = 0;
    const flight = createSingleFlight<string>(async (_, isSuperseded) => {
      running += 1;
      expect(running).toBe(1);
      const gate = Promise.withResolvers<void>();
      gates.push(gate);
      await gate.promise;
      superseded.push(isSuperseded());
      running -= 1;
    });
    const first = flight.run("a");
    await Promise.resolve();
    await Promise.resolve();
    expect(gates).toHaveLength(1);
    const others = [flight.run("a"), flight.run("a"), flight.run("a")];
    gates[0]?.resolve();
    while (gates.length < 2) await Promise.resolve();
    gates[1]?.resolve();
    await Promise.all([first, ...others]);
    expect(superseded).toEqual([true, false]);
    await flight.idle();
  });

  it("does not let one key wait for another", async () => {
    const gate = Promise.withResolvers<void>();
    const flight = createSingleFlight<string>((key) => (key === "slow" ? gate.promise : Promise.resolve()));
    const slow = flight.run("slow");
    await flight.run("quick");
    gate.resolve();
    await slow;
  });

  it("rejects with the last run's failure, and can be used again", async () => {
    let failing = true;
    const flight = createSingleFlight<string>(async () => {
      if (failing) throw new Error("no");
    });
    await expect(flight.run("a")).rejects.toThrow("no");
    failing = false;
    await flight.run("a");
  });
});

describe("mapLimited", () => {
  it("keeps the order and never runs more than it may", async () => {
    let running = 0;
    let most = 0;
    const results = await mapLimited([5, 1, 4, 2, 3], 2, async (item) => {
      running += 1;
      most = Math.max(most, running);
      for (let turn = 0; turn < item; turn += 1) await Promise.resolve();
      running -= 1;
      return item * 10;
    });
    expect(results).toEqual([50, 10, 40, 20, 30]);
    expect(most).toBe(2);
  });

  it("begins nothing new after a failure", async () => {
    const begun: number[] = [];
    const work = mapLimited([1, 2, 3, 4], 1, async (item) => {
      begun.push(item);
      if (item === 2) throw new Error("two");
    });
    await expect(work).rejects.toThrow("two");
    expect(begun).toEqual([1, 2]);
  });
});
