import type { ListedPeer } from "@lanspread/proto";
import { useVirtualizer } from "@tanstack/react-virtual";
import { memo, useMemo, useRef, useState } from "react";
import type { PartyView } from "../../../protocol/snapshot.ts";
import { usePageState, useTexts } from "../app/context.ts";
import { hrefOf } from "../app/route.ts";
import { formatVersion } from "../shared/format.ts";
import { type Cell, filterRows, GRID_FILTERS, type GridFilter, type GridRow, gridRows } from "./grid-rows.ts";

/** Height of a row, px; as in the style sheet. */
const ROW_HEIGHT = 40;

/** Rows that are kept beyond what is seen, so that none is missing while one scrolls. */
const OVERSCAN = 8;

const NOBODY: readonly never[] = [];

/** What everybody has of every game: games as rows, people as columns. Rows are there while they can be seen. */
export function GameGrid({ view }: { readonly view: PartyView | null }) {
  const { t } = useTexts();
  const games = usePageState((state) => state.snapshot?.games ?? NOBODY);
  const peers = usePageState((state) => state.snapshot?.peers ?? NOBODY);
  const [filter, setFilter] = useState<GridFilter>("all");
  const [search, setSearch] = useState("");
  const rows = useMemo(() => (view === null ? null : gridRows(games, view)), [games, view]);
  const shown = useMemo(
    () => (rows === null ? NOBODY : filterRows(rows, { filter, search })),
    [rows, filter, search],
  );
  const names = useMemo(() => namesOf(view, peers), [view, peers]);
  return (
    <section aria-labelledby="grid">
      <div className="section-head">
        <h2 id="grid">{t("party.grid")}</h2>
        {rows !== null && rows.length > 0 && (
          <div className="grid-tools">
            <input
              type="search"
              aria-label={t("party.grid-search")}
              placeholder={t("party.grid-search")}
              value={search}
              onChange={({ target }) => setSearch(target.value)}
            />
            <select
              aria-label={t("party.grid-filter")}
              value={filter}
              onChange={({ target }) => setFilter(target.value as GridFilter)}
            >
              {GRID_FILTERS.map((each) => (
                <option key={each} value={each}>
                  {t(`party.grid-${each}`)}
                </option>
              ))}
            </select>
          </div>
        )}
      </div>
      {shown.length > 0 ? (
        <>
          <Table rows={shown} names={[t("party.you"), ...names]} />
          <p className="legend">
            {(["newest", "older", "none"] as const).map((kind) => (
              <span key={kind} className={kind}>
                <Sign kind={kind} /> {t(`party.legend.${kind}`)}
              </span>
            ))}
          </p>
        </>
      ) : (
        <p className="quiet">
          {t(
            rows === null
              ? "party.grid-loading"
              : rows.length === 0
                ? "party.grid-empty"
                : "party.grid-nothing",
          )}
        </p>
      )}
    </section>
  );
}

function namesOf(view: PartyView | null, peers: readonly ListedPeer[]): readonly string[] {
  const names = new Map(peers.map(({ peerId, name }) => [peerId, name]));
  return view?.members.map(({ peerId }) => names.get(peerId) ?? peerId.slice(0, 8)) ?? NOBODY;
}

interface TableProps {
  readonly rows: readonly GridRow[];
  /** Of the columns. */
  readonly names: readonly string[];
}

function Table({ rows, names }: TableProps) {
  const { t } = useTexts();
  const box = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => box.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: OVERSCAN,
  });
  const items = virtual.getVirtualItems();
  const above = items[0]?.start ?? 0;
  const below = virtual.getTotalSize() - (items.at(-1)?.end ?? 0);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: who has no mouse scrolls it by keys.
    <section className="grid-box" ref={box} tabIndex={0} aria-label={t("party.grid")}>
      <table aria-rowcount={rows.length + 1}>
        <thead>
          <tr>
            <th scope="col">{t("party.game")}</th>
            {names.map((name, column) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: a column is its place; two people may have one name.
              <th key={column} scope="col" title={name}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {above > 0 && <Space height={above} columns={names.length + 1} />}
          {items.map(({ index }) => {
            const row = rows[index];
            return row === undefined ? null : <Row key={row.id} row={row} number={index + 2} />;
          })}
          {below > 0 && <Space height={below} columns={names.length + 1} />}
        </tbody>
      </table>
    </section>
  );
}

/** In place of rows that cannot be seen. */
function Space({ height, columns }: { readonly height: number; readonly columns: number }) {
  return (
    <tr>
      <td className="space" colSpan={columns} style={{ height }} />
    </tr>
  );
}

const Row = memo(function Row({ row, number }: { readonly row: GridRow; readonly number: number }) {
  const { t } = useTexts();
  const { id, name, cells, haveIt } = row;
  return (
    <tr aria-rowindex={number}>
      <th scope="row">
        <div className="title">
          <a href={hrefOf({ page: "game", gameId: id })} title={name}>
            {name}
          </a>
          <small title={t("party.cell.newest")}>
            {t("party.have-it", { count: haveIt, all: cells.length })}
          </small>
        </div>
      </th>
      {cells.map((cell, column) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a cell is its place.
        <td key={column} className={cell.kind}>
          <Sign kind={cell.kind} />
          {"version" in cell && <span>{formatVersion(cell.version)}</span>}
          <span className="only-read">{t(`party.cell.${cell.kind}`)}</span>
        </td>
      ))}
    </tr>
  );
});

const SIGNS: Readonly<Record<Cell["kind"], string>> = { newest: "●", older: "◐", none: "–", streamed: "▣" };

function Sign({ kind }: { readonly kind: Cell["kind"] }) {
  return (
    <span className="sign" aria-hidden="true">
      {SIGNS[kind]}
    </span>
  );
}
