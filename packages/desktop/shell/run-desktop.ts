import { PeerError } from "@lanspread/peer/base";
import { type DesktopOptions, openShell, type Shell } from "./open-shell.ts";
import { askRunningApp } from "./window/ask-running-app.ts";
import { Windows } from "./window/windows.ts";

export interface RunDesktopOptions extends Omit<DesktopOptions, "onWindowWanted" | "onQuit"> {
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
 * Runs the app until its last window is closed, somebody quits it, or the signal is aborted; then its windows are closed and its
 * peer is stopped. The first window comes before the peer: a browser takes as long to start. Where an app runs with the same state
 * directory, that one shows its window instead.
 *
 * @returns whether it ran here
 * @throws PeerError, among others `state-locked` where a peer that is no app runs with the same state directory
 */
export async function runDesktop(options: RunDesktopOptions): Promise<boolean> {
  const { peer, opensWindows, browserFlags = [], onAddress, signal } = options;
  const quit = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<Windows>();
  let shell: Shell;
  try {
    shell = await openShell({
      ...options,
      onWindowWanted: async (kind) => await (await begun.promise)[kind](),
      onQuit: () => quit.resolve(),
    });
  } catch (error) {
    if (!(error instanceof PeerError) || error.code !== "state-locked") throw error;
    if (await askRunningApp(peer.stateDir)) return false;
    throw error;
  }
  await using running = shell;
  const windows = new Windows(running, { stateDir: peer.stateDir, opensWindows, browserFlags, onAddress });
  begun.resolve(windows);
  const asked = (): void => quit.resolve();
  signal.addEventListener("abort", asked, { once: true });
  try {
    if (signal.aborted) return true;
    // Beginning may wait for a window of the last run; whoever ends the app does not.
    const begin = windows.begin(async () => void (await running.start())).then(() => windows.over);
    const failed = await Promise.race([
      begin.then(() => null),
      quit.promise.then(() => null),
      running.failed,
    ]);
    if (failed !== null) throw new PeerError("internal", failed.message);
  } finally {
    signal.removeEventListener("abort", asked);
    await windows.close();
  }
  return true;
}
