import { Launcher } from "chrome-launcher";

/** Where Debian and others put Chromium under a name that the launcher does not look for. */
const OTHER_PLACES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/snap/bin/chromium"];

/** Chromium-family browsers of this machine, the preferred one first; none where there is none. */
export async function findBrowsers(exists: (path: string) => boolean): Promise<readonly string[]> {
  const named = process.env["CHROME_PATH"];
  const others = process.platform === "linux" ? OTHER_PLACES : [];
  const found = [named, ...installed(), ...others].filter((path) => path !== undefined && exists(path));
  return [...new Set(found)] as string[];
}

/** The launcher throws where it finds none. */
function installed(): string[] {
  try {
    return Launcher.getInstallations();
  } catch {
    return [];
  }
}
