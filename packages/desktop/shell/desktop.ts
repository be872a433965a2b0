import { joinLoggers, type Logger, makeDirectories, type PeerOptions } from "@lanspread/peer";
import { loadDoor, saveDoor } from "./door/door-file.ts";
import { LogBook } from "./logs/log-book.ts";
import { servePage } from "./session/page-session.ts";
import { PeerHost } from "./session/peer-host.ts";
import { WindowList } from "./session/window-list.ts";
import { SettingsFile } from "./settings/settings-file.ts";
import { BUILT_PAGE } from "./web/built-page.ts";
import { loadStaticFiles } from "./web/static-files.ts";
import { WebServer } from "./web/web-server.ts";

/** Open to its owner alone. */
const STATE_DIRECTORY_MODE = 0o700;

export interface DesktopOptions {
  /** What the peer is started with where the settings say nothing. */
  readonly peer: PeerOptions;
  /** What it is started with whatever they say. */
  readonly explicit?: Partial<PeerOptions>;
  /** Directory of the built page. Default: the one that is built with this shell. */
  readonly page?: string;
  /** Of the program. */
  readonly version: string;
  /** Leaves out the first steps: whoever started the app has taken them. */
  readonly isWelcomed?: boolean;
  /** Is told what the app and its peer say; pages are shown all of it, whatever its level. */
  readonly logger: Logger;
  /** Somebody wants to see a window (`show`), or another one (`open`). Default: nothing. */
  readonly onWindowWanted?: (kind: "show" | "open") => Promise<void>;
  /** Somebody wants the app to end. Default: nothing. */
  readonly onQuit?: () => void;
}

/** The running app: a peer, and the page that shows it to browsers on this computer. */
export interface Desktop extends AsyncDisposable {
  readonly host: PeerHost;
  /** What is said to it is in the app's log, for pages and for who started it. */
  readonly logger: Logger;
  /** Windows that show it. */
  readonly windows: WindowList;
  /** Connections of pages, and of whoever else has the session. */
  readonly connections: number;
  /** Whether games are worked on, or go out to others. */
  readonly isBusy: () => boolean;
  /** An address that opens the page once, in the next minutes. */
  openAddress(): string;
}

/**
 * Starts the app. It decides nothing about games: what pages ask for goes to the peer, and what they show comes from it.
 *
 * @throws PeerError, among others `state-locked` where a peer of the same state directory runs
 */
export async function startDesktop(options: DesktopOptions): Promise<Desktop> {
  const { explicit = {}, page = BUILT_PAGE, version } = options;
  const logs = new LogBook();
  const logger = joinLoggers(options.logger, logs.logger);
  const peer = { ...options.peer, logger };
  const { stateDir } = peer;
  await makeDirectories(stateDir, STATE_DIRECTORY_MODE);
  const files = await loadStaticFiles(page);
  const settings = await SettingsFile.open(stateDir, logger);
  if (options.isWelcomed === true) await settings.change({ welcomed: true });
  const windows = new WindowList();
  const host = await PeerHost.start({
    ...{ peer, explicit, settings, version, windows, logs, logger },
    wantWindow: async (kind) => await options.onWindowWanted?.(kind),
    quit: () => options.onQuit?.(),
  });
  const web = await openDoor().catch(async (error: unknown) => {
    await host[Symbol.asyncDispose]();
    throw error;
  });
  const desktop: Desktop = {
    host,
    logger,
    windows,
    get connections() {
      return web.pages;
    },
    isBusy: () => host.isBusy,
    openAddress: () => web.openAddress(),
    [Symbol.asyncDispose]: async () => {
      await web[Symbol.asyncDispose]();
      await host[Symbol.asyncDispose]();
    },
  };
  return desktop;

  async function openDoor(): Promise<WebServer> {
    const server = await WebServer.start({
      files,
      covers: host.covers,
      last: await loadDoor(stateDir, logger),
      onPage: (socket) => servePage(socket, host, logger),
    });
    await saveDoor(stateDir, { port: server.port, session: server.session }, logger);
    return server;
  }
}
