import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { makeDirectories } from "@lanspread/peer";
import { findBrowsers } from "./find-browser.ts";

/** Folder of the browser's profile in the state directory: nothing of the user's own browser is touched. */
const PROFILE = "desktop-profile";

/** Open to its owner alone: the session's cookie is in it. */
const PROFILE_MODE = 0o700;

/** What keeps a browser from doing anything but showing the page. */
const FLAGS = [
  "--no-first-run",
  "--no-default-browser-check",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-default-apps",
  "--disable-extensions",
  "--disable-quic",
  "--disable-sync",
  "--disable-features=Translate,MediaRouter,OptimizationHints",
  "--window-size=1280,800",
];

export interface WindowOptions {
  readonly address: string;
  readonly stateDir: string;
  /** Flags that only some machines need, as `--no-sandbox` for root. */
  readonly flags?: readonly string[];
}

/** A browser that shows the app in a window of its own. */
export interface AppWindow {
  /** Resolves when its last window is closed. Never rejects. */
  readonly closed: Promise<void>;
  close(): void;
}

/** Opens the app in a Chromium-family browser; null where there is none. */
export async function openAppWindow(options: WindowOptions): Promise<AppWindow | null> {
  const profile = join(options.stateDir, PROFILE);
  await makeDirectories(profile, PROFILE_MODE);
  for (const browser of await findBrowsers(existsSync)) {
    const child = spawn(
      browser,
      [`--app=${options.address}`, `--user-data-dir=${profile}`, ...FLAGS, ...(options.flags ?? [])],
      { stdio: "ignore" },
    );
    if (await hasStarted(child)) return windowOf(child);
  }
  return null;
}

function hasStarted(child: ChildProcess): Promise<boolean> {
  return new Promise((resolve) => {
    child.once("spawn", () => resolve(true));
    child.once("error", () => resolve(false));
  });
}

function windowOf(child: ChildProcess): AppWindow {
  const closed = new Promise<void>((resolve) => {
    child.once("exit", () => resolve());
  });
  return { closed, close: () => void child.kill() };
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
