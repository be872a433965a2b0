import { useEffect, useRef } from "react";
import { useTexts } from "../app/context.ts";
import { FILTERS, SORTINGS, type Sorting, type View } from "./filter.ts";

export interface TopBarProps {
  readonly view: View;
  readonly onChange: (view: View) => void;
}

export function TopBar({ view, onChange }: TopBarProps) {
  const { t } = useTexts();
  const search = useSearchKey();
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
      <input
        ref={search}
        type="search"
        aria-label={t("search.label")}
        placeholder={t("search.label")}
        value={view.search}
        onChange={({ target }) => onChange({ ...view, search: target.value })}
      />
      <label>
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
    </header>
  );
}

/** `/` and Ctrl+F lead to the search, Escape empties it. */
function useSearchKey() {
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      const isTyping =
        event.target instanceof HTMLInputElement || event.target instanceof HTMLTextAreaElement;
      const isFind = (event.ctrlKey || event.metaKey) && event.key === "f";
      if (!isFind && (event.key !== "/" || isTyping)) return;
      event.preventDefault();
      field.current?.focus();
      field.current?.select();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
  return field;
}
