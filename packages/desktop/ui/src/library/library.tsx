import "./library.css";
import { useMemo, useState } from "react";
import type { Density, Shape } from "../../../protocol/library-view.ts";
import { usePageState, useTexts } from "../app/context.ts";
import { Empty } from "./empty.tsx";
import { gamesOf, type View } from "./filter.ts";
import { Grid } from "./grid.tsx";
import { keepView, lastView } from "./last-view.ts";
import { TopBar } from "./top-bar.tsx";

const NO_GAMES: readonly never[] = [];

/** What is shown where nothing was chosen. */
const SHAPE: Shape = "portrait";
const DENSITY: Density = "normal";

/** The games of the party: what is here, and what others offer. */
export function Library() {
  const { t } = useTexts();
  const [view, setView] = useState<View>(() => lastView().view);
  const all = usePageState((state) => state.snapshot?.games ?? NO_GAMES);
  const shape = usePageState((state) => state.snapshot?.settings.coverShape ?? SHAPE);
  const density = usePageState((state) => state.snapshot?.settings.density ?? DENSITY);
  const games = useMemo(() => gamesOf(all, view), [all, view]);
  const change = (changed: View): void => {
    // Another list begins at its top.
    scrollTo({ top: 0, behavior: "instant" });
    keepView({ view: changed });
    setView(changed);
  };
  return (
    <>
      <TopBar view={view} onChange={change} count={games.length} shape={shape} density={density} />
      <main>
        {games.length > 0 ? (
          <>
            <h1 className="only-read">{t("page.library")}</h1>
            <Grid games={games} shape={shape} density={density} />
          </>
        ) : (
          <Empty view={view} onChange={change} />
        )}
      </main>
    </>
  );
}
