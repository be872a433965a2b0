import type { LogLine, LogPart } from "../../../protocol/logs.ts";

/** Rows that the page keeps: as many as the shell does. */
export const MOST_ROWS = 50_000;

/** What stands in one row. `at` grows from row to row, also where the shell was started anew. */
export type LogRow =
  | { readonly kind: "line"; readonly at: number; readonly line: LogLine }
  /** The app was started anew: what is behind it was said by another run. */
  | { readonly kind: "restarted"; readonly at: number }
  /** Lines that are kept no more. */
  | { readonly kind: "missed"; readonly at: number; readonly count: number };

/** What the page has heard of a log. */
export interface LogState {
  /** Whose lines are counted; null before the first. */
  readonly run: string | null;
  /** Number of the last line. */
  readonly last: number;
  /** The newest last. */
  readonly rows: readonly LogRow[];
  /** Of the next row. */
  readonly next: number;
}

export const NOTHING_HEARD: LogState = { run: null, last: 0, rows: [], next: 0 };

/** The log behind what the shell has answered: every line once, whatever comes twice. The same object where nothing is new. */
export function withPart(state: LogState, { run, lines, missed }: LogPart): LogState {
  const isNewRun = run !== state.run;
  const last = isNewRun ? 0 : state.last;
  const fresh = lines.filter(({ number }) => number > last);
  if (fresh.length === 0) return isNewRun ? { ...state, run, last: 0 } : state;
  let { next } = state;
  const added: LogRow[] = [];
  if (isNewRun && state.rows.length > 0) added.push({ kind: "restarted", at: next++ });
  if (missed > 0 && fresh.length === lines.length) added.push({ kind: "missed", at: next++, count: missed });
  for (const line of fresh) added.push({ kind: "line", at: next++, line });
  return {
    run,
    last: fresh.at(-1)?.number ?? last,
    rows: newest([...state.rows, ...added]),
    next,
  };
}

/** As many as are kept; where older ones gave way, the first row says how many. */
function newest(rows: readonly LogRow[]): readonly LogRow[] {
  if (rows.length <= MOST_ROWS) return rows;
  const dropped = rows.slice(0, rows.length - MOST_ROWS + 1);
  const count = dropped.reduce((sum, row) => sum + linesOf(row), 0);
  return [{ kind: "missed", at: dropped.at(-1)?.at ?? 0, count }, ...rows.slice(dropped.length)];
}

function linesOf(row: LogRow): number {
  switch (row.kind) {
    case "line":
      return 1;
    case "missed":
      return row.count;
    case "restarted":
      return 0;
  }
}
