import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createProgressView, type ProgressState, type ProgressView } from "../src/report/progress.ts";
import { Screen } from "./support/screen.ts";

const MIB = 1_048_576;

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

function state(doneMib: number, extra: Partial<ProgressState> = {}): ProgressState {
  return {
    label: "quake3",
    phase: "downloading",
    doneBytes: doneMib * MIB,
    totalBytes: 100 * MIB,
    bytesPerSecond: 50 * MIB,
    etaSeconds: (100 - doneMib) / 50,
    ...extra,
  };
}

function on(screen: Screen, interactive = true): ProgressView {
  return createProgressView({ stream: screen as unknown as NodeJS.WritableStream, interactive });
}

describe("progress off a terminal", () => {
  it("is a line when something begins, one every five seconds, and one when it is complete", () => {
    const screen = new Screen(120);
    const view = on(screen, false);
    view.update("quake3", state(0, { phase: "asking", totalBytes: null }));
    for (let done = 0; done <= 100; done += 1) {
      view.update("quake3", state(done));
      vi.advanceTimersByTime(100);
    }
    view.update("quake3", state(0, { phase: "unpacking", bytesPerSecond: null }));
    view.finish("quake3", "done");
    view.close();
    view.line("after the end");
    expect(screen.lines).toEqual([
      "quake3: downloading 0 %, 0 B of 100.0 MiB, 50.0 MiB/s, 2 s left",
      "quake3: downloading 50 %, 50.0 MiB of 100.0 MiB, 50.0 MiB/s, 1 s left",
      "quake3: downloading 100 %, 100.0 MiB of 100.0 MiB, 50.0 MiB/s, 0 s left",
      "quake3: unpacking 0 %, 0 B of 100.0 MiB",
      "quake3: done",
      "",
    ]);
  });

  it("tells each game at its own pace, and who gives how much", () => {
    const screen = new Screen(120);
    const view = on(screen, false);
    view.update("quake3", state(1));
    const sources = [
      { name: "anna", bytes: 1, bytesPerSecond: MIB },
      { name: "attic", bytes: 1, bytesPerSecond: 0 },
    ];
    view.update("doom", state(2, { label: "doom", etaSeconds: null, sources }));
    expect(screen.lines).toEqual([
      "quake3: downloading 1 %, 1.0 MiB of 100.0 MiB, 50.0 MiB/s, 2 s left",
      "doom: downloading 2 %, 2.0 MiB of 100.0 MiB, 50.0 MiB/s, -- left, anna 1.0 MiB/s, attic 0 B/s",
      "",
    ]);
  });
});

describe("progress on a terminal", () => {
  it("is redrawn in place, below the lines of text, and gone at the end", () => {
    const screen = new Screen(80);
    const view = on(screen);
    view.line("looking");
    view.update("quake3", state(25, { sources: [{ name: "anna", bytes: 1, bytesPerSecond: MIB }] }));
    expect(screen.lines).toEqual([
      "looking",
      "quake3  [####...............]   25 %  25.0 MiB/100.0 MiB  50.0 MiB/s  2 s left",
      "  anna     1.0 MiB/s  100 %",
      "",
    ]);
    view.line("found attic");
    view.waiting(["doom", "ut99"]);
    vi.advanceTimersByTime(1000);
    view.update("quake3", state(50));
    expect(screen.lines).toEqual([
      "looking",
      "found attic",
      "quake3  [#########..........]   50 %  50.0 MiB/100.0 MiB  50.0 MiB/s  1 s left",
      "  next: doom, ut99",
      "",
    ]);
    view.finish("quake3", "done");
    view.close();
    view.close();
    view.line("after the end");
    vi.advanceTimersByTime(1000);
    expect(screen.lines).toEqual(["looking", "found attic", "quake3: done", ""]);
  });

  it("is drawn at most five times a second, and shows the last state", () => {
    const screen = new Screen(80);
    const view = on(screen);
    for (let sample = 0; sample < 1000; sample += 1) {
      view.update("quake3", state(sample / 20));
      view.update("doom", state(sample / 10, { label: "doom" }));
      vi.advanceTimersByTime(2);
    }
    expect(screen.writes).toBeGreaterThanOrEqual(10);
    expect(screen.writes).toBeLessThanOrEqual(11);
    view.update("quake3", state(77));
    vi.advanceTimersByTime(200);
    expect(screen.lines[0]).toContain(" 77 %");
    const { writes } = screen;
    vi.advanceTimersByTime(10_000);
    expect(screen.writes).toBe(writes);
  });

  it.each(["done", undefined])("ends for a game before anything is said of its end: %s", (outcome) => {
    const screen = new Screen(80);
    const view = on(screen);
    view.update("quake3", state(25));
    view.update("doom", state(50, { label: "doom" }));
    vi.advanceTimersByTime(1_000);
    view.update("quake3", state(26));
    view.finish("quake3", outcome);
    view.line("what it ended with");
    const bar = "doom  [##########...........]   50 %  50.0 MiB/100.0 MiB  50.0 MiB/s  1 s left";
    const said = [...(outcome === undefined ? [] : ["quake3: done"]), "what it ended with"];
    expect(screen.lines).toEqual([...said, bar, ""]);
    vi.advanceTimersByTime(1_000);
    expect(screen.lines).toEqual([...said, bar, ""]);
  });

  it("leaves the cursor on an empty line, where what is typed does no harm", () => {
    const screen = new Screen(60);
    const view = on(screen);
    view.update("quake3", state(25));
    expect(screen.cursorRow).toBe(1);
    screen.write("^C");
    view.line("ending");
    expect(screen.lines).toEqual(["ending", expect.stringMatching(/^quake3 {2}\[#/), ""]);
  });

  it.each([1, 10, 20, 33, 47, 60, 79, 80, 120])(
    "never breaks a line of a terminal of %d columns",
    (columns) => {
      const screen = new Screen(columns, 10);
      const view = on(screen);
      const name = "日".repeat(64);
      const sources = [{ name, bytes: 1, bytesPerSecond: 1023.9 * 1024 }];
      for (let round = 0; round < 3; round += 1) {
        for (const label of ["quake3", "a".repeat(63)]) {
          view.update(label, state(round, { label, etaSeconds: 3599, sourceCount: 12, sources }));
        }
        vi.advanceTimersByTime(500);
      }
      view.waiting(Array.from({ length: 60 }, (_, index) => `game${index}`));
      vi.advanceTimersByTime(500);
      expect(screen.broken).toBe(0);
      expect(screen.lines).toHaveLength(6);
    },
  );

  it.each([0, undefined])("takes a terminal that says it has %s columns for one of 80", (columns) => {
    const screen = new Screen(80);
    const write = (text: string): boolean => screen.write(text);
    const stream = { columns, rows: columns, write } as unknown as NodeJS.WritableStream;
    const view = createProgressView({ stream, interactive: true });
    for (const done of [1, 2, 3]) {
      view.update("quake3", state(done));
      vi.advanceTimersByTime(500);
    }
    expect(screen.lines).toEqual([expect.stringMatching(/^quake3 {2}\[\.+\] {4}3 %/), ""]);
  });

  it("finds its beginning again when the terminal has become narrower and broken its lines", () => {
    const written: string[] = [];
    const stream = { columns: 80, rows: 24, write: (text: string) => written.push(text) > 0 };
    const view = createProgressView({
      stream: stream as unknown as NodeJS.WritableStream,
      interactive: true,
    });
    view.update("quake3", state(25));
    stream.columns = 30;
    vi.advanceTimersByTime(500);
    view.update("quake3", state(26));
    // 79 columns were drawn, which are three lines of 30 now.
    expect(written[1]?.startsWith("\r\u001b[3A")).toBe(true);
  });
});
