import { stripVTControlCharacters } from "node:util";
import { FRAME_MS, PLAIN_INTERVAL_MS } from "./constants.ts";
import { createLiveRegion, sizeOf, type Terminal } from "./live-region.ts";
import { type ProgressLine, type ProgressState, plainProgressLine, progressLines } from "./progress-lines.ts";

export type { ProgressState } from "./progress-lines.ts";

/** Progress of several games at once. */
export interface ProgressView {
  update(id: string, state: ProgressState): void;
  /** The game is not shown any more. @param outcome becomes a line of text */
  finish(id: string, outcome?: string): void;
  /** Labels of the games whose turn has not come yet. */
  waiting(labels: readonly string[]): void;
  /** A line of text above the progress. */
  line(text: string): void;
  /** Ends the showing and leaves only the lines of text. Twice does no harm. */
  close(): void;
}

/** Where progress is shown. */
export interface ProgressTarget {
  readonly stream: Terminal;
  /** True on a terminal that may be redrawn. */
  readonly interactive: boolean;
  /** May put colours around a line's text, which takes no room. */
  readonly style?: (line: ProgressLine) => string;
}

export function createProgressView(target: ProgressTarget): ProgressView {
  return target.interactive ? createLiveView(target) : createPlainView(target.stream);
}

/** Bars, redrawn in place: never wider or higher than the terminal, at most five times a second. */
function createLiveView({ stream, style = ({ text }) => text }: ProgressTarget): ProgressView {
  const region = createLiveRegion(stream, stripVTControlCharacters);
  const states = new Map<string, ProgressState>();
  let queue: readonly string[] = [];
  let timer: NodeJS.Timeout | undefined;
  let drawnAt = Number.NEGATIVE_INFINITY;
  let closed = false;

  const draw = (): void => {
    timer = undefined;
    drawnAt = performance.now();
    // The last column stays free: there a terminal may break the line. The last row is the cursor's.
    const { columns, rows } = sizeOf(stream);
    const space = { columns: Math.max(1, columns - 1), rows: Math.max(1, rows - 1) };
    region.draw(progressLines([...states.values()], queue, space).map(style));
  };
  const changed = (): void => {
    if (closed || timer !== undefined) return;
    const wait = drawnAt + FRAME_MS - performance.now();
    if (wait <= 0) draw();
    else timer = setTimeout(draw, wait);
  };
  return {
    update(id, state) {
      states.set(id, state);
      changed();
    },
    finish(id, outcome) {
      const shown = states.delete(id);
      if (closed) return;
      if (shown) {
        // At once: its line is not to stay beside what is said of its end.
        clearTimeout(timer);
        draw();
      }
      if (outcome !== undefined) region.above(`${id}: ${outcome}`);
    },
    waiting(labels) {
      queue = labels;
      changed();
    },
    line(text) {
      if (!closed) region.above(text);
    },
    close() {
      if (closed) return;
      closed = true;
      clearTimeout(timer);
      region.draw([]);
    },
  };
}

/**
 * Lines for a log: one for a game when something new begins, one when that is complete, and one every few seconds in
 * between.
 */
function createPlainView(stream: NodeJS.WritableStream): ProgressView {
  const told = new Map<string, { readonly step: string; readonly at: number }>();
  let closed = false;
  const write = (text: string): void => {
    if (!closed) stream.write(`${text}\n`);
  };
  return {
    update(id, state) {
      if (state.totalBytes === null) return;
      const now = performance.now();
      const step = `${state.phase} ${state.doneBytes >= state.totalBytes}`;
      const last = told.get(id);
      if (last?.step === step && now - last.at < PLAIN_INTERVAL_MS) return;
      told.set(id, { step, at: now });
      write(plainProgressLine(state));
    },
    finish(id, outcome) {
      told.delete(id);
      if (outcome !== undefined) write(`${id}: ${outcome}`);
    },
    waiting() {},
    line: write,
    close() {
      closed = true;
    },
  };
}
