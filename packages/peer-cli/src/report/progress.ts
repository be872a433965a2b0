import type { MultiBar, SingleBar } from "cli-progress";
import { formatBytes, formatEta, formatRate } from "./format.ts";

/** What one line of progress shows. */
export interface ProgressState {
  /** Short name in front of the bar. */
  readonly label: string;
  readonly doneBytes: number;
  readonly totalBytes: number;
  /** Bytes per second, or null where no rate is known (unpacking). */
  readonly bytesPerSecond: number | null;
  /** Seconds left; null while unknown. */
  readonly etaSeconds: number | null;
  /** What goes on, for example `downloading` or `installing`. */
  readonly phase: string;
}

/**
 * Progress of several things at once. On a terminal: one bar each, redrawn in place. Elsewhere: plain lines, one per
 * tenth of the way, so that a log stays readable.
 */
export interface ProgressView {
  update(id: string, state: ProgressState): void;
  /** Replaces the bar of `id` by its last state; it is not updated any more. */
  finish(id: string, outcome: string): void;
  /** A line of text above the bars. */
  line(text: string): void;
  /** Ends the drawing and gives the terminal back as it was. Twice does no harm. */
  close(): void;
}

/** Where progress is drawn. */
export interface ProgressTarget {
  readonly stream: NodeJS.WritableStream;
  /** True on a terminal that may be redrawn. */
  readonly interactive: boolean;
}

/** Columns that the drawn bar itself takes. */
const BAR_COLUMNS = 24;
/** A plain line appears whenever another tenth is done. */
const PLAIN_STEPS = 10;

/** Picks the view for the target; the bars' library is loaded only where bars are drawn. */
export async function createProgressView(target: ProgressTarget): Promise<ProgressView> {
  if (!target.interactive) return createPlainView(target.stream);
  const { default: cliProgress } = await import("cli-progress");
  const { stream } = target;
  return createBarView(
    stream,
    () =>
      new cliProgress.MultiBar({
        stream,
        format: "{label} [{bar}] {share} {amount} {rate} {rest}",
        barsize: BAR_COLUMNS,
        barCompleteChar: "#",
        barIncompleteChar: ".",
        hideCursor: true,
        // Without it a bar that did not change is not drawn again below a new line of text.
        forceRedraw: true,
        // The program restores the terminal itself, in the order in which it ends; a second handler would race it.
        gracefulExit: false,
      }),
  );
}

function createBarView(stream: NodeJS.WritableStream, open: () => MultiBar): ProgressView {
  const byId = new Map<string, { bar: SingleBar; last: ProgressState }>();
  // Opened with the first bar: opening hides the cursor, and closing prints a line end.
  let bars: MultiBar | undefined;
  let closed = false;
  return {
    update(id, state) {
      if (closed) return;
      bars ??= open();
      const known = byId.get(id);
      if (known === undefined) {
        byId.set(id, { bar: bars.create(barTotal(state), barValue(state), payload(state)), last: state });
        return;
      }
      known.last = state;
      known.bar.setTotal(barTotal(state));
      known.bar.update(barValue(state), payload(state));
    },
    finish(id, outcome) {
      const known = byId.get(id);
      if (closed || known === undefined) return;
      byId.delete(id);
      known.bar.update(barValue(known.last), { ...payload(known.last), rate: outcome, rest: "" });
    },
    line(text) {
      if (closed) return;
      if (bars === undefined) stream.write(`${text}\n`);
      else bars.log(`${text}\n`);
    },
    close() {
      if (closed) return;
      closed = true;
      // Lines that wait for the next redraw are written by it, and only by it.
      bars?.update();
      bars?.stop();
    },
  };
}

function createPlainView(stream: NodeJS.WritableStream): ProgressView {
  const shown = new Map<string, string>();
  let open = true;
  const write = (text: string): void => {
    if (open) stream.write(`${text}\n`);
  };
  return {
    update(id, state) {
      const step = `${state.phase} ${Math.floor(share(state) * PLAIN_STEPS)}`;
      if (shown.get(id) === step) return;
      shown.set(id, step);
      write(plainLine(state));
    },
    finish(id, outcome) {
      shown.delete(id);
      write(`${id}: ${outcome}`);
    },
    line: write,
    close() {
      open = false;
    },
  };
}

/** One line of progress for a log: `quake3: downloading 40 %, 102.4 MiB of 256.0 MiB, 80.0 MiB/s, 2 s left`. */
function plainLine(state: ProgressState): string {
  if (state.totalBytes <= 0) return `${state.label}: ${state.phase}`;
  const parts = [
    `${state.label}: ${state.phase} ${Math.floor(share(state) * 100)} %`,
    `${formatBytes(state.doneBytes)} of ${formatBytes(state.totalBytes)}`,
  ];
  if (state.bytesPerSecond !== null) {
    parts.push(formatRate(state.bytesPerSecond), `${formatEta(state.etaSeconds)} left`);
  }
  return parts.join(", ");
}

function payload(state: ProgressState): Record<string, string> {
  const known = state.bytesPerSecond !== null;
  return {
    label: state.label.padEnd(12),
    share: `${Math.floor(share(state) * 100)}`.padStart(3).concat(" %"),
    amount: `${formatBytes(state.doneBytes)}/${formatBytes(state.totalBytes)}`.padEnd(21),
    rate: (known ? formatRate(state.bytesPerSecond ?? 0) : state.phase).padStart(12),
    rest: known ? `ETA ${formatEta(state.etaSeconds)}`.padEnd(14) : "".padEnd(14),
  };
}

/** Done part, 0 to 1; nothing to do counts as done. */
function share(state: ProgressState): number {
  return state.totalBytes <= 0 ? 1 : Math.min(1, state.doneBytes / state.totalBytes);
}

/** Nothing to do is a whole bar: 1 of 1. */
function barTotal(state: ProgressState): number {
  return Math.max(1, state.totalBytes);
}

function barValue(state: ProgressState): number {
  return state.totalBytes <= 0 ? 1 : state.doneBytes;
}
