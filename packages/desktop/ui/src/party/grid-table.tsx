import { useVirtualizer, type VirtualItem } from "@tanstack/react-virtual";
import { memo, useRef } from "react";
import { useTexts } from "../app/context.ts";
import { hrefOf } from "../app/route.ts";
import { formatVersion } from "../shared/format.ts";
import type { GridRow } from "./grid-rows.ts";
import { Sign } from "./sign.tsx";

/** Height of a row and width of a column, px; as in the style sheet. */
const ROW_HEIGHT = 40;
const COLUMN_WIDTH = 112;

/** Rows and columns that are kept beyond what is seen, so that none is missing while one scrolls. */
const ROWS_OVER = 6;
const COLUMNS_OVER = 2;

export interface GridTableProps {
  readonly rows: readonly GridRow[];
  /** Of the columns. */
  readonly names: readonly string[];
}

/** Columns that are there, and the room of those that are not, px. */
interface Columns {
  readonly first: number;
  /** Behind the last one. */
  readonly end: number;
  readonly before: number;
  readonly behind: number;
}

/** Games as rows, people as columns; both are there while they can be seen. The headings stay where they are. */
export function GridTable({ rows, names }: GridTableProps) {
  const { t } = useTexts();
  const box = useRef<HTMLDivElement>(null);
  const down = useVirtualizer({
    count: rows.length,
    getScrollElement: () => box.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: ROWS_OVER,
  });
  const across = useVirtualizer({
    count: names.length,
    horizontal: true,
    getScrollElement: () => box.current,
    estimateSize: () => COLUMN_WIDTH,
    overscan: COLUMNS_OVER,
  });
  const items = down.getVirtualItems();
  const { first, end, before, behind } = columnsOf(across.getVirtualItems(), across.getTotalSize());
  const above = items[0]?.start ?? 0;
  const below = down.getTotalSize() - (items.at(-1)?.end ?? 0);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: who has no mouse scrolls it by keys.
    <section className="grid-box" ref={box} tabIndex={0} aria-label={t("party.grid")}>
      <table aria-rowcount={rows.length + 1} aria-colcount={names.length + 1}>
        <thead>
          <tr>
            <th scope="col">{t("party.game")}</th>
            {before > 0 && <td className="space" style={{ width: before }} />}
            {names.slice(first, end).map((name, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: a column is its place; two people may have one name.
              <th key={first + index} scope="col" title={name} aria-colindex={first + index + 2} dir="auto">
                {name}
              </th>
            ))}
            {behind > 0 && <td className="space" style={{ width: behind }} />}
          </tr>
        </thead>
        <tbody>
          {above > 0 && <Space height={above} />}
          {items.map(({ index }) => {
            const row = rows[index];
            if (row === undefined) return null;
            const columns = { first, end, before, behind };
            return <Row key={row.id} row={row} number={index + 2} {...columns} />;
          })}
          {below > 0 && <Space height={below} />}
        </tbody>
      </table>
    </section>
  );
}

function columnsOf(items: readonly VirtualItem[], total: number): Columns {
  const [start] = items;
  const last = items.at(-1);
  if (start === undefined || last === undefined) return { first: 0, end: 0, before: 0, behind: 0 };
  return { first: start.index, end: last.index + 1, before: start.start, behind: total - last.end };
}

/** In place of rows that cannot be seen. */
function Space({ height }: { readonly height: number }) {
  return (
    <tr>
      <td className="space" style={{ height }} />
    </tr>
  );
}

interface RowProps extends Columns {
  readonly row: GridRow;
  readonly number: number;
}

const Row = memo(function Row({ row, number, first, end, before, behind }: RowProps) {
  const { t } = useTexts();
  const { id, name, cells, haveIt } = row;
  return (
    <tr aria-rowindex={number}>
      <th scope="row">
        <div className="title">
          <a href={hrefOf({ page: "game", gameId: id })} title={name} dir="auto">
            {name}
          </a>
          <small>{t("party.have-it", { count: haveIt, all: cells.length })}</small>
        </div>
      </th>
      {before > 0 && <td className="space" />}
      {cells.slice(first, end).map((cell, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a cell is its place.
        <td key={first + index} className={cell.kind} aria-colindex={first + index + 2}>
          <Sign kind={cell.kind} />
          {"version" in cell && <span>{formatVersion(cell.version)}</span>}
          <span className="only-read">{t(`party.cell.${cell.kind}`)}</span>
        </td>
      ))}
      {behind > 0 && <td className="space" />}
    </tr>
  );
});
