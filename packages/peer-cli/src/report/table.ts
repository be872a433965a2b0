import { displayWidth, pad } from "./width.ts";

/** One column of a table for people. */
export interface Column {
  readonly title: string;
  /** Numbers are right-aligned, so that they can be compared at a glance. */
  readonly align?: "left" | "right";
}

const GAP = "  ";

/**
 * A plain table: a header line and one line per row, columns as wide as their widest cell. `style` may colour the
 * header; widths are counted before it.
 */
export function renderTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  style: (header: string) => string = (header) => header,
): string[] {
  const widths = columns.map((column, index) =>
    Math.max(displayWidth(column.title), ...rows.map((row) => displayWidth(row[index] ?? ""))),
  );
  const line = (cells: readonly string[]): string =>
    columns
      .map((column, index) => pad(cells[index] ?? "", widths[index] ?? 0, column.align ?? "left"))
      .join(GAP)
      .trimEnd();
  return [style(line(columns.map((column) => column.title))), ...rows.map(line)];
}
