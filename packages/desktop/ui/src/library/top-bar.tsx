import type { KeyboardEvent } from "react";
import type { Density, Shape } from "../../../protocol/library-view.ts";
import { useTexts } from "../app/context.ts";
import { useSearchKeys } from "../shared/use-search-keys.ts";
import { FILTERS, SORTINGS, type Sorting, type View } from "./filter.ts";
import { ViewMenu } from "./view-menu.tsx";

export interface TopBarProps {
  readonly view: View;
  readonly onChange: (view: View) => void;
  /** Games that are shown. */
  readonly count: number;
  readonly shape: Shape;
  readonly density: Density;
}

export function TopBar({ view, onChange, count, shape, density }: TopBarProps) {
  const { language, t } = useTexts();
  const search = useSearchKeys();
  const onKey = ({ key }: KeyboardEvent<HTMLInputElement>): void => {
    if (key === "Escape" && view.search === "") search.current?.blur();
    else if (key === "Escape") onChange({ ...view, search: "" });
  };
  return (
    <header className="top-bar">
      <fieldset className="pills" aria-label={t("filter.label")}>
        {FILTERS.map((filter) => (
          <button
            key={filter}
            type="button"
            aria-pressed={view.filter === filter}
            onClick={() => onChange({ ...view, filter })}
          >
            {t(`filter.${filter}`)}
          </button>
        ))}
      </fieldset>
      <div className="search">
        <svg viewBox="0 0 16 16" aria-hidden="true">
          <circle cx="7" cy="7" r="4.5" />
          <path d="m10.5 10.5 3.5 3.5" />
        </svg>
        <input
          ref={search}
          type="search"
          aria-label={t("search.label")}
          placeholder={t("search.label")}
          value={view.search}
          onChange={({ target }) => onChange({ ...view, search: target.value })}
          onKeyDown={onKey}
        />
        <span className="key" aria-hidden="true">
          /
        </span>
      </div>
      <p className="count" role="status">
        {t(count === 1 ? "library.one-game" : "library.games", { count: count.toLocaleString(language) })}
      </p>
      <label className="sort">
        <span>{t("sort.label")}</span>
        <select
          value={view.sorting}
          onChange={({ target }) => onChange({ ...view, sorting: target.value as Sorting })}
        >
          {SORTINGS.map((sorting) => (
            <option key={sorting} value={sorting}>
              {t(`sort.${sorting}`)}
            </option>
          ))}
        </select>
      </label>
      <ViewMenu shape={shape} density={density} />
    </header>
  );
}
