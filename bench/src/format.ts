import { type Bar, type Report, type Table, verdictOf } from "./bench.ts";
import type { Machine } from "./machine.ts";
import { formatNumber } from "./statistics.ts";

/** A report as text for people. */
export function formatReport(report: Report, short: boolean): string {
  const parts = report.tables.map(formatTable);
  if (!short && report.bars.length > 0) parts.push(formatTable(tableOfBars(report.bars)));
  for (const note of report.notes) parts.push(`note: ${note}`);
  return parts.join("\n\n");
}

/** One line about the machine. */
export function formatMachine({ date, node, system, cpu, cores }: Machine): string {
  return `${date}, Node ${node}, ${system}, ${cores} cores (${cpu})`;
}

/** A table with aligned columns, in a form that Markdown understands too. */
export function formatTable({ title, columns, rows }: Table): string {
  const cells = [columns, ...rows].map((row) => row.map(formatCell));
  const widths = columns.map((_, i) => Math.max(3, ...cells.map((row) => row[i]?.length ?? 0)));
  const lines = cells.map(
    (row) => `| ${widths.map((width, i) => (row[i] ?? "").padEnd(width)).join(" | ")} |`,
  );
  const rule = `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`;
  return [title, "", lines[0], rule, ...lines.slice(1)].join("\n");
}

function tableOfBars(bars: readonly Bar[]): Table {
  return {
    title: "Bars",
    columns: ["what", "measured", "bar", "verdict"],
    rows: bars.map((bar) => [bar.what, bar.measured, formatBar(bar), verdictOf(bar)]),
  };
}

function formatBar({ atLeast, atMost }: Bar): string {
  return [
    ...(atLeast === undefined ? [] : [`at least ${atLeast}`]),
    ...(atMost === undefined ? [] : [`at most ${atMost}`]),
  ].join(", ");
}

function formatCell(cell: string | number | null): string {
  if (cell === null) return "not measured";
  return typeof cell === "number" ? formatNumber(cell) : cell;
}
