import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { makeDirectories } from "@lanspread/peer/base";
import { type BrowserProcess, ownBrowser } from "./browser-process.ts";
import { findBrowsers } from "./find-browser.ts";

/** Folder of the browser's profile in the state directory: nothing of the user's own browser is touched. */
const PROFILE = "desktop-profile";

/** Folder of the browser's crash reports in its profile. Without being told, Chromium on Linux keeps them with the user's own. */
const CRASH_REPORTS = "Crash Reports";

/** Open to its owner alone: the session's cookie is in it. */
const PROFILE_MODE = 0o700;

/** What keeps a browser from doing anything but showing the page. */
const FLAGS = [
  "--no-first-run",
  "--no-default-browser-check",
  "--disable-background-mode",
  "--disable-background-networking",
  "--disable-client-side-phishing-detection",
  "--disable-component-update",
  "--disable-default-apps",
  "--disable-domain-reliability",
  "--disable-extensions",
  "--disable-quic",
  "--disable-search-engine-choice-screen",
  "--disable-sync",
  "--hide-crash-restore-bubble",
  "--no-pings",
  "--password-store=basic",
  "--use-mock-keychain",
  "--disable-features=AutofillServerCommunication,MediaRouter,OptimizationHints,Translate",
  // Whatever the browser itself wants of the world is refused: nobody listens there, and names are looked up by nobody.
  "--proxy-server=http://127.0.0.1:9",
  "--proxy-bypass-list=127.0.0.1",
  "--window-size=1280,800",
];

export interface WindowOptions {
  readonly address: string;
  readonly stateDir: string;
  /** Flags that only some machines need, as `--no-sandbox` for root. */
  readonly flags?: readonly string[];
}

/** Where the browser's profile is. */
export function profileIn(stateDir: string): string {
  return join(stateDir, PROFILE);
}

/**
 * Opens the app in a window of a Chromium-family browser. Where one has the profile open already, that one opens the window, and
 * the one that is started here ends at once with 0.
 *
 * @returns null where there is no such browser
 */
export async function openAppWindow(options: WindowOptions): Promise<BrowserProcess | null> {
  const profile = profileIn(options.stateDir);
  await makeDirectories(profile, PROFILE_MODE);
  for await (const browser of findBrowsers(existsSync)) {
    const child = spawn(
      browser,
      [`--app=${options.address}`, `--user-data-dir=${profile}`, ...FLAGS, ...(options.flags ?? [])],
      { stdio: "ignore", env: { ...process.env, BREAKPAD_DUMP_LOCATION: join(profile, CRASH_REPORTS) } },
    );
    if ((await hasStarted(child)) && child.pid !== undefined) return ownBrowser(child, child.pid);
  }
  return null;
}

function hasStarted(child: ChildProcess): Promise<boolean> {
  return new Promise((resolve) => {
    child.once("spawn", () => resolve(true));
    child.once("error", () => resolve(false));
  });
}

/** Opens an address in whatever the user browses with. Whether that worked is not told by every system. */
export function openInDefaultBrowser(address: string): void {
  const [program, ...args] = openerOf(address);
  const child = spawn(program, args, { stdio: "ignore", detached: true });
  child.on("error", () => {});
  child.unref();
}

function openerOf(address: string): [string, ...string[]] {
  switch (process.platform) {
    case "win32":
      return ["rundll32", "url.dll,FileProtocolHandler", address];
    case "darwin":
      return ["open", address];
    default:
      return ["xdg-open", address];
  }
}
