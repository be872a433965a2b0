import { type DesktopOptions, openShell, type Shell } from "./open-shell.ts";
import type { PeerHost } from "./session/peer-host.ts";

/** The running app: a peer, and the page that shows it to browsers on this computer. */
export interface Desktop extends Omit<Shell, "start"> {
  readonly host: PeerHost;
}

/**
 * Starts the app. It decides nothing about games: what pages ask for goes to the peer, and what they show comes from it.
 *
 * @throws PeerError, among others `state-locked` where a peer of the same state directory runs
 */
export async function startDesktop(options: DesktopOptions): Promise<Desktop> {
  const shell = await openShell(options);
  try {
    const host = await shell.start();
    return {
      host,
      logger: shell.logger,
      windows: shell.windows,
      get connections() {
        return shell.connections;
      },
      get waiting() {
        return shell.waiting;
      },
      isBusy: shell.isBusy,
      failed: shell.failed,
      openAddress: shell.openAddress,
      [Symbol.asyncDispose]: shell[Symbol.asyncDispose],
    };
  } catch (error) {
    await shell[Symbol.asyncDispose]();
    throw error;
  }
}
