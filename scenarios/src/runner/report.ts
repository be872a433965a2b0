import { count, renderTable } from "lanspread";
import type { MatrixEntry } from "./compare-matrix.ts";
import { countOf, type Outcome } from "./outcome.ts";

const MS_PER_SECOND = 1_000;

/** One line for a row that has just ended. */
export function outcomeLine(outcome: Outcome): string {
  return `${outcome.row.id.padEnd(4)} ${outcome.result.padEnd(11)} ${time(outcome).padStart(7)}  ${proofOf(outcome)}`;
}

/** Everything about a failure that helps to understand it. */
export function failureLines(outcome: Outcome): readonly string[] {
  if (outcome.result !== "failed") return [];
  const { row, faults, story, logs } = outcome;
  return [
    `${row.id} failed: ${row.setup}`,
    `  should: ${row.proof}`,
    ...faults.map((fault) => `  - ${fault.replaceAll("\n", "\n    ")}`),
    ...(story === "" ? [] : story.split("\n").map((line) => `    ${line}`)),
    ...(logs === null ? [] : [`  logs of all peers: ${logs}`]),
  ];
}

/** The table of results, and one line that sums them up. */
export function reportLines(outcomes: readonly Outcome[], elapsedMs: number): readonly string[] {
  const columns = [
    { title: "ID" },
    { title: "RESULT" },
    { title: "TIME", align: "right" as const },
    { title: "PROOF" },
  ];
  const rows = outcomes.map((outcome) => [outcome.row.id, outcome.result, time(outcome), proofOf(outcome)]);
  const parts = (["passed", "failed", "skipped", "not written"] as const)
    .map((result) => [countOf(outcomes, result), result] as const)
    .filter(([number]) => number > 0)
    .map(([number, result]) => `${number} ${result}${result === "not written" ? " yet" : ""}`);
  return [
    ...renderTable(columns, rows),
    "",
    `${count(outcomes.length, "scenario")}: ${parts.join(", ")}; ${(elapsedMs / MS_PER_SECOND).toFixed(1)} s`,
  ];
}

/** The matrix with what there is for each row. */
export function listLines<T>(entries: readonly MatrixEntry<T>[]): readonly string[] {
  const columns = [{ title: "ID" }, { title: "SCENARIO" }, { title: "SET-UP" }];
  return renderTable(
    columns,
    entries.map(({ row, scenario }) => [
      row.id,
      scenario === undefined ? "not written yet" : "written",
      row.setup,
    ]),
  );
}

function time({ elapsedMs }: Outcome): string {
  return elapsedMs === 0 ? "" : `${(elapsedMs / MS_PER_SECOND).toFixed(1)} s`;
}

function proofOf(outcome: Outcome): string {
  switch (outcome.result) {
    case "passed":
      return outcome.proof;
    case "failed":
      return (outcome.faults[0] ?? "").split("\n")[0] ?? "";
    case "skipped":
      return outcome.why;
    case "not written":
      return "";
  }
}
