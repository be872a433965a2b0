/** What stands around the pages. */
export const appEn = {
  "connection.lost": "lanspread does not answer. This page comes back by itself when it does.",
  "connection.first": "Connecting …",
  "error.dismiss": "Close",
  "news.left": "{name}: {count} files could not be deleted yet. The next start tries again.",
  "news.struck-out": "{name} is complete. What {who} sent was wrong: that copy is damaged.",
  "news.started": "{name} is starting.",
  "news.server-started": "The server of {name} is starting.",
  "news.set-up": "The set-up of {name} was started. When it is done, press Play again.",
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
  "news.left":
    "{name}: {count} Dateien konnten noch nicht gelöscht werden. Der nächste Start versucht es wieder.",
  "news.struck-out":
    "{name} ist vollständig. Was {who} geschickt hat, war falsch: Die Kopie dort ist beschädigt.",
  "news.started": "{name} wird gestartet.",
  "news.server-started": "Der Server von {name} wird gestartet.",
  "news.set-up":
    "Die Einrichtung von {name} wurde gestartet. Wenn sie fertig ist, drücke noch einmal „Spielen“.",
  "page.library": "Spiele",
  "page.party": "Party",
  "page.settings": "Einstellungen",
  "page.logs": "Protokolle",
  "page.navigation": "Seiten",
};
