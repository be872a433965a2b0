import { adviceDe, adviceEn } from "./texts/advice.ts";
import { appDe, appEn } from "./texts/app.ts";
import { detailDe, detailEn } from "./texts/detail.ts";
import { errorsDe, errorsEn } from "./texts/errors.ts";
import { libraryDe, libraryEn } from "./texts/library.ts";
import { logsDe, logsEn } from "./texts/logs.ts";
import { menuDe, menuEn } from "./texts/menu.ts";
import { partyDe, partyEn } from "./texts/party.ts";
import { settingsDe, settingsEn } from "./texts/settings.ts";

/** Every text of the page in English; the other languages have the same keys. */
export const en = {
  ...adviceEn,
  ...appEn,
  ...detailEn,
  ...errorsEn,
  ...libraryEn,
  ...logsEn,
  ...menuEn,
  ...partyEn,
  ...settingsEn,
} as const;

export type TextKey = keyof typeof en;

export const de: Readonly<Record<TextKey, string>> = {
  ...adviceDe,
  ...appDe,
  ...detailDe,
  ...errorsDe,
  ...libraryDe,
  ...logsDe,
  ...menuDe,
  ...partyDe,
  ...settingsDe,
};
