import { asGameId, asPeerId, type RuntimeEvent } from "@lanspread/proto";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { progressAfter } from "../../protocol/progress.ts";
import { FIGURES_MS, MOST_FIGURES } from "../../shell/constants.ts";
import { Figures } from "../../shell/session/figures.ts";

const [quake, doom] = [asGameId("quake"), asGameId("doom")];
const peerId = asPeerId("00000000-0000-8000-8000-000000000001");

function progress(gameId: typeof quake, doneBytes: number): RuntimeEvent {
  const rest = { totalBytes: 1_000, bytesPerSecond: 10, etaSeconds: 5, sources: 1 };
  return { type: "download-progress", gameId, doneBytes, ...rest };
}

function chunk(gameId: typeof quake, offset: number): RuntimeEvent {
  return { type: "download-chunk-finished", gameId, peerId, path: "a", offset, length: 10, pieces: 1 };
}

describe("figures", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  it("are sent together after a while, of each download the last ones, and every part that has come", () => {
    const sent: (readonly RuntimeEvent[])[] = [];
    const figures = new Figures((events) => sent.push(events));
    const all = [
      ...[progress(quake, 0), progress(doom, 1), chunk(quake, 0), progress(quake, 2), chunk(quake, 10)],
      ...[progress(doom, 3), chunk(doom, 0)],
    ];
    for (const event of all) figures.push(event);
    vi.advanceTimersByTime(FIGURES_MS - 1);
    expect(sent).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(sent).toHaveLength(1);
    expect(sent[0]).toHaveLength(5);
    const before = [progress(quake, 0), progress(doom, 0)].reduce(progressAfter, {});
    // A page knows the same as if it had been told everything.
    expect(sent[0]?.reduce(progressAfter, before)).toEqual(all.reduce(progressAfter, before));
    vi.advanceTimersByTime(10 * FIGURES_MS);
    expect(sent).toHaveLength(1);
  });

  it("are sent at once before what comes behind them, and not again", () => {
    const sent: (readonly RuntimeEvent[])[] = [];
    const figures = new Figures((events) => sent.push(events));
    figures.push(progress(quake, 1));
    figures.flush();
    figures.flush();
    vi.advanceTimersByTime(10 * FIGURES_MS);
    expect(sent).toEqual([[progress(quake, 1)]]);
  });

  it("are forgotten where a snapshot says them", () => {
    const sent: (readonly RuntimeEvent[])[] = [];
    const figures = new Figures((events) => sent.push(events));
    figures.push(progress(quake, 1));
    figures.clear();
    vi.advanceTimersByTime(10 * FIGURES_MS);
    expect(sent).toEqual([]);
  });

  it("never wait in any number", () => {
    const sent: (readonly RuntimeEvent[])[] = [];
    const figures = new Figures((events) => sent.push(events));
    for (let at = 0; at < 2.5 * MOST_FIGURES; at += 1) figures.push(chunk(quake, at));
    expect(sent.map(({ length }) => length)).toEqual([MOST_FIGURES, MOST_FIGURES]);
    figures.clear();
  });
});
