import { useApp, usePageState, useTexts } from "../app/context.ts";
import { useNetworkProblem } from "../app/use-network-problem.ts";
import { gamesOf, type View } from "./filter.ts";

export interface EmptyProps {
  readonly view: View;
  readonly onChange: (view: View) => void;
}

/** Why there is nothing to see, and what to do about it. */
export function Empty({ view, onChange }: EmptyProps) {
  const { t } = useTexts();
  const { tryTo } = useApp();
  const snapshot = usePageState((state) => state.snapshot);
  const problem = useNetworkProblem();
  const everything: View = { ...view, filter: "all", search: "" };
  const hasAny = gamesOf(snapshot?.games ?? [], everything).length > 0;
  const search = view.search.trim();
  if (hasAny) {
    return (
      <div className="empty">
        <h1>
          {search === ""
            ? t(view.filter === "installed" ? "library.none-installed" : "library.none-local")
            : t("library.nothing-found", { search })}
        </h1>
        <button type="button" onClick={() => onChange(everything)}>
          {t("library.show-all")}
        </button>
      </div>
    );
  }
  const people = snapshot?.peers.length ?? 0;
  return (
    <div className="empty">
      <svg className="empty-picture" viewBox="0 0 64 64" aria-hidden="true">
        <path d="M32 20v14M32 34 17 47M32 34l15 13" />
        <circle cx="32" cy="15" r="7" />
        <circle cx="14" cy="50" r="7" />
        <circle cx="50" cy="50" r="7" />
      </svg>
      <h1>{t("library.empty")}</h1>
      <p>{t("library.empty-hint", { folder: snapshot?.status.gamesDir ?? "" })}</p>
      <button type="button" onClick={() => tryTo({ type: "open-games-folder" })}>
        {t("do.open-folder")}
      </button>
      <p className="who" lang={problem?.lang}>
        {problem?.text ??
          (people === 0
            ? t("library.nobody")
            : t(people === 1 ? "library.one-here" : "library.some-here", { count: people }))}
      </p>
    </div>
  );
}
