import { delimiter, join } from "node:path";

/** Names of Chromium-family browsers on Linux, as packages of distributions and of the makers have them; the preferred one first. */
const NAMES = [
  "google-chrome-stable",
  "google-chrome",
  "microsoft-edge-stable",
  "microsoft-edge",
  "chromium",
  "chromium-browser",
];

/** Where packages put programs, whatever the path of who started the app says. */
const PLACES = ["/usr/bin", "/usr/local/bin", "/snap/bin"];

/**
 * Chromium-family browsers of this machine, the preferred one first; none where there is none. What is at a usual place comes before
 * anything is asked for the rest: that takes a good while, and is done only where none of those was taken.
 */
export async function* findBrowsers(exists: (path: string) => boolean): AsyncGenerator<string, void> {
  const named = process.env["CHROME_PATH"];
  const told = new Set<string>();
  for (const path of [...(named === undefined ? [] : [named]), ...usual()]) {
    if (told.has(path) || !exists(path)) continue;
    told.add(path);
    yield path;
  }
  for (const path of await installed()) if (!told.has(path) && exists(path)) yield path;
}

function usual(): readonly string[] {
  if (process.platform !== "linux") return [];
  const places = [...(process.env["PATH"] ?? "").split(delimiter).filter(Boolean), ...PLACES];
  return NAMES.flatMap((name) => places.map((place) => join(place, name)));
}

/** The launcher starts programs to find out, and throws where it finds none. */
async function installed(): Promise<readonly string[]> {
  const { Launcher } = await import("chrome-launcher");
  try {
    return Launcher.getInstallations();
  } catch {
    return [];
  }
}
