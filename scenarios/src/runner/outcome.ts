import type { MatrixRow } from "./matrix-document.ts";

/** How one row of the matrix went. */
export type Outcome = {
  readonly row: MatrixRow;
  /** Wall-clock time, ms; 0 where nothing ran. */
  readonly elapsedMs: number;
} & (
  | { readonly result: "passed"; readonly proof: string }
  | {
      readonly result: "failed";
      /** What was wrong, one sentence each; the first is the one that ended the scenario. */
      readonly faults: readonly string[];
      /** Last events of each peer: for people. */
      readonly story: string;
      /** Folder of the complete logs of all peers; null where there are none, or they are not kept. */
      readonly logs: string | null;
    }
  | { readonly result: "skipped"; readonly why: string }
  | { readonly result: "not written" }
);

export function countOf(outcomes: readonly Outcome[], result: Outcome["result"]): number {
  return outcomes.filter((outcome) => outcome.result === result).length;
}
