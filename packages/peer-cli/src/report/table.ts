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

function pad(cell: string, width: number, align: "left" | "right"): string {
  const fill = " ".repeat(Math.max(0, width - displayWidth(cell)));
  return align === "right" ? fill + cell : cell + fill;
}

/** Columns on a terminal: wide East Asian characters and emoji take two, combining marks none. */
function displayWidth(text: string): number {
  let width = 0;
  for (const character of text) {
    if (/\p{Mark}/u.test(character)) continue;
    width += WIDE.test(character) ? 2 : 1;
  }
  return width;
}

const WIDE =
  /[\u1100-\u115F\u2E80-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE4F\uFF00-\uFF60\uFFE0-\uFFE6]|\p{Emoji_Presentation}/u;
