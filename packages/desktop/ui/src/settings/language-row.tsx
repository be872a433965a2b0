import { useId } from "react";
import { usePageState, useTexts } from "../app/context.ts";
import type { Language } from "../i18n/translate.ts";
import { Row } from "./row.tsx";
import { useChange } from "./use-change.ts";

/** Each in its own words, for who does not read the other. */
const LANGUAGES: readonly (readonly [Language, string])[] = [
  ["en", "English"],
  ["de", "Deutsch"],
];

export function LanguageSelect({ id }: { readonly id: string }) {
  const { t } = useTexts();
  const chosen = usePageState((state) => state.snapshot?.settings.language ?? "");
  const { change } = useChange();
  return (
    <select
      id={id}
      value={chosen}
      onChange={({ target }) =>
        void change({ language: target.value === "" ? null : (target.value as Language) })
      }
    >
      <option value="">{t("settings.language-auto")}</option>
      {LANGUAGES.map(([language, name]) => (
        <option key={language} value={language} lang={language}>
          {name}
        </option>
      ))}
    </select>
  );
}

export function LanguageRow() {
  const id = useId();
  return (
    <Row label="settings.language" hint="settings.language-hint" control={id} refused={null}>
      <LanguageSelect id={id} />
    </Row>
  );
}
