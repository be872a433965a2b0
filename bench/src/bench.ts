/** One thing that is measured: a folder of its own beside this file. */
export interface Bench {
  readonly name: string;
  /** One line for the usage text. */
  readonly summary: string;
  run(context: BenchContext): Promise<Report>;
}

export interface BenchContext {
  /** The short form: a few bytes, to see that everything runs. Its figures mean nothing and no bar is held against them. */
  readonly short: boolean;
  /** Takes what is going on, for who watches. */
  readonly progress: (text: string) => void;
  /** Aborted when the run was interrupted: stop, clean up, reject. */
  readonly signal: AbortSignal;
}

/** What a bench found out. Plain data, so that it can be printed for people and as JSON. */
export interface Report {
  readonly bench: string;
  readonly tables: readonly Table[];
  readonly bars: readonly Bar[];
  /** What could not be measured here and why, and what else one has to know to read the figures. */
  readonly notes: readonly string[];
}

export interface Table {
  readonly title: string;
  readonly columns: readonly string[];
  /** A number is shown with three significant digits; null is "not measured". */
  readonly rows: readonly (readonly (string | number | null)[])[];
}

/** A figure that a change must not make worse than this. */
export interface Bar {
  readonly what: string;
  /** Null where it could not be measured; a note says why. */
  readonly measured: number | null;
  readonly atLeast?: number;
  readonly atMost?: number;
}

export type Verdict = "pass" | "FAIL" | "not measured";

/** Whether a bar is met. */
export function verdictOf({ measured, atLeast, atMost }: Bar): Verdict {
  if (measured === null) return "not measured";
  if (!Number.isFinite(measured)) return "FAIL";
  if (atLeast !== undefined && measured < atLeast) return "FAIL";
  if (atMost !== undefined && measured > atMost) return "FAIL";
  return "pass";
}
