import type { Logger, PeerOptions } from "@lanspread/peer";
import { makeDirectories } from "@lanspread/peer";
import { loadDoor, saveDoor } from "./door/door-file.ts";
import { servePage } from "./session/page-session.ts";
import { PeerHost } from "./session/peer-host.ts";
import { SettingsFile } from "./settings/settings-file.ts";
import { loadStaticFiles } from "./web/static-files.ts";
import { WebServer } from "./web/web-server.ts";

/** Open to its owner alone. */
const STATE_DIRECTORY_MODE = 0o700;

export interface DesktopOptions {
  /** What the peer is started with where the settings say nothing. */
  readonly peer: PeerOptions;
  /** Directory of the built page. */
  readonly page: string;
  /** Of the program. */
  readonly version: string;
  readonly logger: Logger;
}

/** The running app: a peer, and the page that shows it to browsers on this computer. */
export interface Desktop extends AsyncDisposable {
  readonly host: PeerHost;
  /** An address that opens the page once, in the next minutes. */
  openAddress(): string;
}

/**
 * Starts the app. It decides nothing about games: what pages ask for goes to the peer, and what they show comes from it.
 *
 * @throws PeerError, among others `state-locked` where a peer of the same state directory runs
 */
export async function startDesktop(options: DesktopOptions): Promise<Desktop> {
  const { peer, page, version, logger } = options;
  const { stateDir } = peer;
  await makeDirectories(stateDir, STATE_DIRECTORY_MODE);
  const files = await loadStaticFiles(page);
  const settings = await SettingsFile.open(stateDir, logger);
  const host = await PeerHost.start({ peer, settings, version });
  try {
    const door = await loadDoor(stateDir, logger);
    const web = await WebServer.start({
      files,
      port: door?.port ?? 0,
      session: door?.session ?? null,
      onPage: (socket) => servePage(socket, host, logger),
    });
    await saveDoor(stateDir, { port: web.port, session: web.session });
    return {
      host,
      openAddress: () => web.openAddress(),
      [Symbol.asyncDispose]: async () => {
        await web[Symbol.asyncDispose]();
        await host[Symbol.asyncDispose]();
      },
    };
  } catch (error) {
    await host[Symbol.asyncDispose]();
    throw error;
  }
}
