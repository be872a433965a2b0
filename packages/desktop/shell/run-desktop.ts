import { PeerError } from "@lanspread/peer";
import { WINDOWLESS_MS } from "./constants.ts";
import { type Desktop, type DesktopOptions, startDesktop } from "./desktop.ts";
import { type AppWindow, openAppWindow, openInDefaultBrowser } from "./window/app-window.ts";
import { askRunningApp } from "./window/ask-running-app.ts";

export interface RunDesktopOptions extends Omit<DesktopOptions, "onWindowWanted"> {
  /** Whether windows are opened; otherwise their addresses are told. */
  readonly opensWindows: boolean;
  /** Flags that the browser needs on some machines only. */
  readonly browserFlags?: readonly string[];
  /** Ends the app. */
  readonly signal: AbortSignal;
  /** An address to be opened by who started the app. */
  readonly onAddress: (address: string) => void;
}

/**
 * Runs the app until its last window is closed or the signal is aborted. Where one runs with the same state directory it is
 * asked for a window instead.
 *
 * @returns whether it ran here
 * @throws PeerError, among others `state-locked` where a peer that is no app runs with the same state directory
 */
export async function runDesktop(options: RunDesktopOptions): Promise<boolean> {
  const windows = new Windows(options);
  let desktop: Desktop;
  try {
    desktop = await startDesktop({ ...options, onWindowWanted: (running) => windows.open(running) });
  } catch (error) {
    if (!(error instanceof PeerError) || error.code !== "state-locked") throw error;
    if (await askRunningApp(options.peer.stateDir)) return false;
    throw error;
  }
  await using running = desktop;
  await windows.open(running);
  const failed = await windows.untilOver(running);
  if (failed !== null) throw new PeerError("internal", failed.message);
  return true;
}

class Windows {
  readonly #options: RunDesktopOptions;
  readonly #open = new Set<AppWindow>();
  readonly #over = Promise.withResolvers<void>();
  /** Somebody else shows the page: whether a window is closed is seen by its connection. */
  #isElsewhere = false;

  constructor(options: RunDesktopOptions) {
    this.#options = options;
  }

  async open(desktop: Desktop): Promise<void> {
    const { opensWindows, browserFlags: flags = [], onAddress, peer } = this.#options;
    const address = desktop.openAddress();
    if (!opensWindows) {
      onAddress(address);
      return;
    }
    const window = await openAppWindow({ address, stateDir: peer.stateDir, flags });
    if (window === null) {
      this.#isElsewhere = true;
      openInDefaultBrowser(address);
      onAddress(address);
      return;
    }
    this.#open.add(window);
    void window.closed.then(() => {
      this.#open.delete(window);
      // A second window of the same profile is handed to the first one's process, and ends at once.
      if (this.#open.size === 0 && desktop.windows === 0) this.#over.resolve();
    });
  }

  /** Resolves when the app is over, with the reason where its peer failed. */
  async untilOver(desktop: Desktop): Promise<{ readonly message: string } | null> {
    const { signal } = this.#options;
    const asked = (): void => this.#over.resolve();
    signal.addEventListener("abort", asked, { once: true });
    if (signal.aborted) asked();
    let quietSince: number | null = null;
    const timer = setInterval(() => {
      const isBusy = desktop.windows > 0 || desktop.host.peer.snapshot().status.operations.length > 0;
      quietSince = isBusy || !this.#isElsewhere ? null : (quietSince ?? performance.now());
      if (quietSince !== null && performance.now() - quietSince > WINDOWLESS_MS) asked();
    }, WINDOWLESS_MS / 10);
    try {
      const failed = desktop.host.failed;
      return await Promise.race([this.#over.promise.then(() => null), failed]);
    } finally {
      clearInterval(timer);
      signal.removeEventListener("abort", asked);
      for (const window of this.#open) window.close();
    }
  }
}
