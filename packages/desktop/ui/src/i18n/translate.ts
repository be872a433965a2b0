import { de, en, type TextKey } from "./texts.ts";

export type Language = "en" | "de";

/** A text of the page, with what stands in its braces replaced. */
export type Translate = (key: TextKey, values?: Readonly<Record<string, string | number>>) => string;

const TEXTS: Readonly<Record<Language, Readonly<Record<TextKey, string>>>> = { en, de };

export function createTranslate(language: Language): Translate {
  return (key, values = {}) =>
    TEXTS[language][key].replace(/\{(\w+)\}/gu, (_, name: string) => String(values[name] ?? ""));
}

/** The language that was chosen, else the browser's where the page has it. */
export function languageOf(chosen: Language | undefined, browser: readonly string[]): Language {
  if (chosen !== undefined) return chosen;
  const known = browser.map((tag) => tag.slice(0, 2).toLowerCase()).find((tag) => tag in TEXTS);
  return (known as Language | undefined) ?? "en";
}

export function isTextKey(key: string): key is TextKey {
  return key in en;
}
