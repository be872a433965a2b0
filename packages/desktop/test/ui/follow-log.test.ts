import { describe, expect, it, vi } from "vitest";
import type { LogPart } from "../../protocol/logs.ts";
import type { PageRequest } from "../../protocol/messages.ts";
import { RefusedError } from "../../ui/src/connection/connection.ts";
import { followLog } from "../../ui/src/logs/follow-log.ts";
import { NOTHING_HEARD } from "../../ui/src/logs/log-state.ts";
import { createStore } from "../../ui/src/state/store.ts";

const LINE = { time: 1, level: "info", source: "test", text: "said", details: "" } as const;

describe("following a log", () => {
  it("asks for what is behind the last line, again after a lost connection, and no more when it is over", async () => {
    vi.useFakeTimers();
    try {
      const store = createStore(NOTHING_HEARD, (callback) => callback());
      const asked: PageRequest[] = [];
      const answers: ((part: LogPart) => void)[] = [];
      const refusals: ((error: RefusedError) => void)[] = [];
      const stop = followLog({
        log: "app",
        store,
        ask: (request) => {
          asked.push(request);
          return new Promise((resolve, reject) => {
            answers.push(resolve);
            refusals.push(reject);
          });
        },
      });
      expect(asked).toEqual([{ type: "read-log", log: "app", run: null, after: 0 }]);
      answers[0]?.({ run: "a", missed: 0, lines: [{ number: 1, ...LINE }] });
      await vi.advanceTimersByTimeAsync(0);
      expect(asked[1]).toEqual({ type: "read-log", log: "app", run: "a", after: 1 });
      refusals[1]?.(new RefusedError({ code: "connection-lost", message: "lost" }));
      await vi.advanceTimersByTimeAsync(400);
      expect(asked).toHaveLength(2);
      await vi.advanceTimersByTimeAsync(200);
      expect(asked[2]).toEqual(asked[1]);
      stop();
      answers[2]?.({ run: "a", missed: 0, lines: [{ number: 2, ...LINE }] });
      await vi.advanceTimersByTimeAsync(5_000);
      expect(asked).toHaveLength(3);
      expect(store.get().last).toBe(1);
    } finally {
      vi.useRealTimers();
    }
  });
});
