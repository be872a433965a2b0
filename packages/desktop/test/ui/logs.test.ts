import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { LogLine } from "../../protocol/logs.ts";
import { createWordTest, type LogFilter, patternProblem, searchedText } from "../../ui/src/logs/filter.ts";
import {
  type LogRow,
  type LogState,
  MOST_ROWS,
  NOTHING_HEARD,
  withPart,
} from "../../ui/src/logs/log-state.ts";
import { PatternTest, type PatternWorker } from "../../ui/src/logs/pattern-test.ts";
import { NOTHING_SHOWN, ShownRows } from "../../ui/src/logs/shown-rows.ts";
import { createStore } from "../../ui/src/state/store.ts";

function line(number: number, level: LogLine["level"] = "info"): LogLine {
  return { number, time: 1, level, source: "test", text: `line ${number};`, details: "" };
}

function lines(from: number, to: number): LogLine[] {
  return Array.from({ length: to - from + 1 }, (_, index) => line(from + index));
}

function told(rows: readonly LogRow[]): string[] {
  return rows.map((row) => (row.kind === "line" ? `${row.line.number}` : row.kind));
}

describe("what a page has heard of a log", () => {
  it("has every line once, in its order, however answers repeat each other", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 1, max: 30 }), fc.nat({ max: 10 })), { maxLength: 40 }),
        (parts) => {
          let state: LogState = NOTHING_HEARD;
          let newest = 0;
          for (const [from, count] of parts) {
            const first = Math.min(from, newest + 1);
            newest = Math.max(newest, first + count - 1);
            state = withPart(state, { run: "a", missed: 0, lines: lines(first, first + count - 1) });
          }
          expect(told(state.rows)).toEqual(lines(1, newest).map(({ number }) => `${number}`));
          expect(state.last).toBe(newest);
        },
      ),
    );
  });

  it("goes on behind another run with a mark, and counts anew", () => {
    let state = withPart(NOTHING_HEARD, { run: "a", missed: 0, lines: lines(1, 2) });
    state = withPart(state, { run: "b", missed: 0, lines: [] });
    expect(state).toMatchObject({ run: "b", last: 0 });
    state = withPart(state, { run: "b", missed: 0, lines: lines(1, 1) });
    expect(told(state.rows)).toEqual(["1", "2", "1"]);
    const other = withPart(withPart(NOTHING_HEARD, { run: "a", missed: 0, lines: lines(1, 2) }), {
      run: "b",
      missed: 4,
      lines: lines(5, 5),
    });
    expect(told(other.rows)).toEqual(["1", "2", "restarted", "missed", "5"]);
    expect(other.rows.map(({ at }) => at)).toEqual([0, 1, 2, 3, 4]);
  });

  it("keeps as many rows as it may, and says how many lines gave way", () => {
    let state = withPart(NOTHING_HEARD, { run: "a", missed: 7, lines: lines(8, MOST_ROWS) });
    state = withPart(state, { run: "a", missed: 0, lines: lines(MOST_ROWS + 1, MOST_ROWS + 20) });
    expect(state.rows).toHaveLength(MOST_ROWS);
    expect(state.rows[0]).toMatchObject({ kind: "missed", count: 21 });
    expect(state.rows[1]).toMatchObject({ line: { number: 22 } });
    expect(state.rows.at(-1)).toMatchObject({ line: { number: MOST_ROWS + 20 } });
  });
});

describe("the filter of a log", () => {
  it("finds words in any order and case, in all of a line", () => {
    const text = searchedText({ ...line(1, "warn"), details: "gameId=Quake" });
    expect(createWordTest("QUAKE line")(text)).toBe(true);
    expect(createWordTest("warn test")(text)).toBe(true);
    expect(createWordTest("doom")(text)).toBe(false);
    expect(createWordTest("  ")(text)).toBe(true);
  });

  it("says what is wrong with a pattern", () => {
    expect(patternProblem("a(b")).toContain("Unterminated group");
    expect(patternProblem("a(b)?")).toBeNull();
  });
});

/** Answers as the thread does; a pattern of "for ever" it never answers. */
class TestWorker implements PatternWorker {
  onmessage: PatternWorker["onmessage"] = null;
  onerror: PatternWorker["onerror"] = null;
  isEnded = false;
  tested = 0;

  postMessage({ pattern, texts }: Parameters<PatternWorker["postMessage"]>[0]): void {
    queueMicrotask(() => {
      this.onmessage?.({ data: "begun" });
      if (pattern === "for ever") return;
      this.tested += texts.length;
      this.onmessage?.({ data: texts.map((text) => new RegExp(pattern).test(text)) });
    });
  }

  terminate(): void {
    this.isEnded = true;
  }
}

function createFiltering() {
  const workers: TestWorker[] = [];
  const store = createStore(NOTHING_SHOWN, (callback) => callback());
  const patterns = new PatternTest(() => {
    const worker = new TestWorker();
    workers.push(worker);
    return worker;
  });
  return { workers, store, shown: new ShownRows(store, patterns) };
}

const ALL: LogFilter = { level: "debug", search: "", isPattern: false };

describe("the rows that are shown", () => {
  it("are those of the level and the pattern, of which new ones are tested alone", async () => {
    const { workers, store, shown } = createFiltering();
    let state = withPart(NOTHING_HEARD, {
      run: "a",
      missed: 0,
      lines: [...lines(1, 3_000), line(3_001, "error")],
    });
    shown.update(state.rows, ALL);
    await expect.poll(() => store.get().rows.length).toBe(3_001);
    shown.update(state.rows, { ...ALL, level: "warn" });
    await expect.poll(() => told(store.get().rows)).toEqual(["3001"]);
    const filter = { ...ALL, search: "line \\d*00;", isPattern: true };
    shown.update(state.rows, filter);
    await expect.poll(() => store.get().rows.length).toBe(30);
    state = withPart(state, { run: "a", missed: 0, lines: lines(3_002, 3_101) });
    shown.update(state.rows, filter);
    await expect.poll(() => told(store.get().rows).at(-1)).toBe("3100");
    expect(workers).toHaveLength(1);
    expect(workers[0]?.tested).toBe(3_101);
  });

  it("are all of the level where the pattern is wrong or takes too long, whose thread is ended", async () => {
    const { workers, store, shown } = createFiltering();
    const { rows } = withPart(NOTHING_HEARD, { run: "a", missed: 0, lines: lines(1, 3) });
    shown.update(rows, { ...ALL, search: "(", isPattern: true });
    await expect.poll(() => store.get().problem?.kind).toBe("wrong");
    expect(store.get().rows).toHaveLength(3);
    expect(workers).toHaveLength(0);
    shown.update(rows, { ...ALL, search: "for ever", isPattern: true });
    await expect.poll(() => store.get().problem?.kind, { timeout: 20_000 }).toBe("slow");
    expect(store.get().rows).toHaveLength(3);
    expect(workers[0]?.isEnded).toBe(true);
    shown.update(rows, { ...ALL, search: "2;", isPattern: true });
    await expect.poll(() => told(store.get().rows)).toEqual(["2"]);
    expect(workers).toHaveLength(2);
    shown.close();
    expect(workers[1]?.isEnded).toBe(true);
  });

  it("lose what gave way, and say so", async () => {
    const { store, shown } = createFiltering();
    let state = withPart(NOTHING_HEARD, { run: "a", missed: 0, lines: lines(1, MOST_ROWS) });
    const filter = { ...ALL, search: "line 1;", isPattern: true };
    shown.update(state.rows, filter);
    await expect.poll(() => told(store.get().rows)).toEqual(["1"]);
    state = withPart(state, { run: "a", missed: 0, lines: lines(MOST_ROWS + 1, MOST_ROWS + 1) });
    shown.update(state.rows, filter);
    await expect.poll(() => told(store.get().rows)).toEqual(["missed"]);
    state = withPart(state, { run: "a", missed: 0, lines: lines(MOST_ROWS + 2, MOST_ROWS + 2) });
    shown.update(state.rows, ALL);
    await expect.poll(() => store.get().rows.length).toBe(MOST_ROWS);
    expect(told(store.get().rows).slice(0, 2)).toEqual(["missed", "4"]);
  });
});
