import "./library.css";
import { useMemo, useState } from "react";
import { usePageState, useTexts } from "../app/context.ts";
import { gamesOf, type View } from "./filter.ts";
import { Grid } from "./grid.tsx";
import { TopBar } from "./top-bar.tsx";

/** As it was left: who comes back from a game finds the same games. */
let lastView: View = { filter: "all", sorting: "name", search: "" };

const NO_GAMES: readonly never[] = [];

/** The games of the party: what is here, and what others offer. */
export function Library() {
  const { t } = useTexts();
  const [view, setView] = useState(lastView);
  const changeView = (next: View): void => {
    lastView = next;
    setView(next);
  };
  const all = usePageState((state) => state.snapshot?.games ?? NO_GAMES);
  const folder = usePageState((state) => state.snapshot?.status.gamesDir ?? "");
  const games = useMemo(() => gamesOf(all, view), [all, view]);
  return (
    <>
      <TopBar view={view} onChange={changeView} />
      <main>
        {games.length > 0 ? (
          <Grid games={games} />
        ) : (
          <div className="empty">
            <h1>{t(all.length === 0 ? "library.empty" : "library.nothing-found")}</h1>
            {all.length === 0 && <p>{t("library.empty-hint", { folder })}</p>}
          </div>
        )}
      </main>
    </>
  );
}
