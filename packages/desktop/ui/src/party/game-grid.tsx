import type { ListedPeer } from "@lanspread/proto";
import { useMemo, useState } from "react";
import type { PartyView } from "../../../protocol/snapshot.ts";
import { usePageState, useTexts } from "../app/context.ts";
import { filterRows, GRID_FILTERS, type GridFilter, gridRows } from "./grid-rows.ts";
import { GridTable } from "./grid-table.tsx";
import { Sign } from "./sign.tsx";

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
          <GridTable key={`${filter} ${search}`} rows={shown} names={[t("party.you"), ...names]} />
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
