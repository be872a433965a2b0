import { appDe, appEn } from "./texts/app.ts";
import { libraryDe, libraryEn } from "./texts/library.ts";

/** Every text of the page in English; the other languages have the same keys. */
export const en = { ...appEn, ...libraryEn } as const;

export type TextKey = keyof typeof en;

export const de: Readonly<Record<TextKey, string>> = { ...appDe, ...libraryDe };
