/** What stands around the pages. */
export const appEn = {
  "connection.lost": "lanspread does not answer. This page comes back by itself when it does.",
  "connection.first": "Connecting …",
  "error.dismiss": "Close",
  "page.library": "Library",
  "page.party": "Party",
  "page.settings": "Settings",
  "page.logs": "Logs",
  "page.navigation": "Pages",
} as const;

export const appDe: Readonly<Record<keyof typeof appEn, string>> = {
  "connection.lost": "lanspread antwortet nicht. Sobald es das tut, geht es hier von selbst weiter.",
  "connection.first": "Verbinden …",
  "error.dismiss": "Schließen",
  "page.library": "Spiele",
  "page.party": "Party",
  "page.settings": "Einstellungen",
  "page.logs": "Protokolle",
  "page.navigation": "Seiten",
};
