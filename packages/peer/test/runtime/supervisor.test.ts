import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { createLogger, type LogEntry } from "../../src/logger.ts";
import { systemClock } from "../../src/peers/index.ts";
import { supervise } from "../../src/runtime/supervisor.ts";

function setting() {
  const log: LogEntry[] = [];
  const controller = new AbortController();
  const { signal } = controller;
  const logger = createLogger({ sink: (entry) => log.push(entry) });
  return { log, controller, options: { signal, logger, clock: systemClock, restartDelayMs: 1 } };
}

describe("supervision", () => {
  it("starts a service again that fails or ends too early, and says so", async () => {
    const { log, controller, options } = setting();
    let runs = 0;
    await supervise(
      {
        name: "the postman",
        run: async (signal) => {
          runs += 1;
          if (runs === 1) throw new Error("bitten");
          if (runs === 2) return;
          controller.abort();
          if (!signal.aborted) await once(signal, "abort");
        },
      },
      options,
    );
    expect(runs).toBe(3);
    expect(log.map(({ message }) => message)).toEqual([
      "the postman failed, and is started again",
      "the postman ended, and is started again",
    ]);
    expect(log[0]?.fields).toMatchObject({ message: "bitten" });
  });

  it("takes a failure during the end as the end, without a word", async () => {
    const { log, controller, options } = setting();
    await supervise(
      {
        name: "the postman",
        run: async () => {
          controller.abort();
          throw new Error("interrupted");
        },
      },
      options,
    );
    expect(log).toEqual([]);
  });

  it("does not start anything after the end, nor wait for a restart", async () => {
    const { controller, options } = setting();
    let runs = 0;
    const supervised = supervise(
      {
        name: "the postman",
        run: async () => {
          runs += 1;
          setImmediate(() => controller.abort());
          throw new Error("bitten");
        },
      },
      { ...options, restartDelayMs: 1_000_000_000 },
    );
    await supervised;
    await supervise({ name: "the postman", run: () => Promise.reject(new Error("never")) }, options);
    expect(runs).toBe(1);
  });
});
