import { asGameId, type RuntimeEvent } from "@lanspread/proto";
import { describe, expect, it } from "vitest";
import { createLogger, type LogEntry, silentLogger } from "../../src/logger.ts";
import { MAX_WAITING_PROGRESS } from "../../src/runtime/constants.ts";
import { EventBus } from "../../src/runtime/event-bus.ts";

const gameId = asGameId("quake");
const count = (value: number): RuntimeEvent => ({ type: "peer-count-updated", count: value });
const progress = (doneBytes: number): RuntimeEvent => ({
  type: "download-progress",
  gameId,
  doneBytes,
  totalBytes: 1_000,
  bytesPerSecond: 1,
  etaSeconds: null,
  sources: 1,
});

async function drain(events: AsyncIterable<RuntimeEvent>): Promise<RuntimeEvent[]> {
  const all: RuntimeEvent[] = [];
  for await (const event of events) all.push(event);
  return all;
}

describe("the event bus", () => {
  it("hands every event to every listener in one order, from its subscription to its end", async () => {
    const bus = new EventBus(silentLogger);
    const heard: RuntimeEvent[] = [];
    bus.emit(count(0));
    const leave = bus.onEvent((event) => heard.push(event));
    const events = bus.events();
    bus.emit(count(1));
    bus.emit(count(2));
    leave();
    bus.emit(count(3));
    bus.close();
    bus.emit(count(4));
    expect(heard).toEqual([count(1), count(2)]);
    expect(await drain(events)).toEqual([count(1), count(2), count(3)]);
    expect(await drain(bus.events())).toEqual([]);
  });

  it("loses only the oldest progress for a slow reader, and says how much", async () => {
    const bus = new EventBus(silentLogger);
    const events = bus.events();
    bus.emit(count(1));
    for (let index = 0; index < MAX_WAITING_PROGRESS + 5; index++) {
      bus.emit(progress(index));
      if (index === 2) bus.emit(count(2));
    }
    bus.emit({ type: "download-cancelled", gameId });
    bus.close();
    const all = await drain(events);
    expect(all[0]).toEqual({ type: "progress-missed", count: 5 });
    expect(all.filter(({ type }) => type === "peer-count-updated")).toEqual([count(1), count(2)]);
    expect(all.filter(({ type }) => type === "download-progress")).toEqual(
      Array.from({ length: MAX_WAITING_PROGRESS }, (_, index) => progress(index + 5)),
    );
    expect(all.at(-1)).toEqual({ type: "download-cancelled", gameId });
  });

  it("keeps one list of all games for a slow reader, the newest, where it came", async () => {
    const bus = new EventBus(silentLogger);
    const events = bus.events();
    const lists = Array.from({ length: 100 }, (): RuntimeEvent => ({ type: "list-games", games: [] }));
    const [first, ...later] = lists;
    if (first !== undefined) bus.emit(first);
    expect((await events.next()).value).toBe(first);
    for (const [index, list] of later.entries()) {
      bus.emit(list);
      if (index === 50) bus.emit(count(50));
    }
    bus.close();
    const all = await drain(events);
    expect(all).toHaveLength(2);
    expect(all[0]).toEqual(count(50));
    expect(all[1]).toBe(lists.at(-1));
  });

  it("counts what is waiting, not what has passed", async () => {
    const bus = new EventBus(silentLogger);
    const events = bus.events();
    for (let round = 0; round < 3; round++) {
      for (let index = 0; index < MAX_WAITING_PROGRESS; index++) bus.emit(progress(index));
      for (let index = 0; index < MAX_WAITING_PROGRESS; index++) {
        expect((await events.next()).value).toEqual(progress(index));
      }
    }
    bus.close();
    expect((await events.next()).done).toBe(true);
  });

  it("gives an event to a reader that waits for it, and ends it when the bus closes", async () => {
    const bus = new EventBus(silentLogger);
    const events = bus.events();
    const first = events.next();
    bus.emit(count(7));
    expect(await first).toEqual({ value: count(7), done: false });
    const second = events.next();
    bus.close();
    expect((await second).done).toBe(true);
  });

  it("forgets a reader that leaves", async () => {
    const bus = new EventBus(silentLogger);
    const events = bus.events();
    bus.emit(count(1));
    await events.return?.();
    bus.emit(count(2));
    expect((await events.next()).done).toBe(true);
  });

  it("goes on when a listener fails, and logs it", () => {
    const log: LogEntry[] = [];
    const bus = new EventBus(createLogger({ sink: (entry) => log.push(entry) }));
    const heard: RuntimeEvent[] = [];
    bus.onEvent(() => {
      throw new Error("broken window");
    });
    bus.onEvent((event) => heard.push(event));
    bus.emit(count(1));
    expect(heard).toEqual([count(1)]);
    expect(log).toMatchObject([{ level: "error", fields: { event: "peer-count-updated" } }]);
  });
});
