/** What the shell advises: more special than what the peer's errors say, and in its words. */
export const adviceEn = {
  "advice.folder": "Choose a folder.",
  "advice.folder-name": "Take another name.",
  "advice.fixed": "Start lanspread without that option to choose it here.",
  "advice.name": "Use visible characters.",
  "advice.party-ca":
    "Take the folder that `lanspread certs rotate` made for your party, complete and unchanged.",
  "advice.networks": "Choose one that is, or all of them.",
  "advice.start-by-hand": "Open its folder and start it by hand.",
  "advice.open-by-hand": "Open the folder by hand.",
  "advice.script-path": "Move the games to a folder without percent signs and quotation marks in its name.",
  "advice.wait": "Change this when the downloads and installs have ended, or cancel them.",
} as const;

export const adviceDe: Readonly<Record<keyof typeof adviceEn, string>> = {
  "advice.folder": "Wähle einen Ordner.",
  "advice.folder-name": "Nimm einen anderen Namen.",
  "advice.fixed": "Starte lanspread ohne diese Angabe, um es hier zu wählen.",
  "advice.name": "Nimm sichtbare Zeichen.",
  "advice.party-ca":
    "Nimm den Ordner, den „lanspread certs rotate“ für deine Party gemacht hat, vollständig und unverändert.",
  "advice.networks": "Wähle eines, das da ist, oder alle.",
  "advice.start-by-hand": "Öffne den Ordner des Spiels und starte es von Hand.",
  "advice.open-by-hand": "Öffne den Ordner von Hand.",
  "advice.script-path":
    "Verschiebe die Spiele in einen Ordner, in dessen Namen keine Prozent- und Anführungszeichen sind.",
  "advice.wait": "Ändere das, wenn Downloads und Installationen zu Ende sind, oder brich sie ab.",
};
