import { setTimeout as delay } from "node:timers/promises";
import type { PeerOptions } from "@lanspread/peer";
import { claimStateDir, joinLoggers, type Logger, makeDirectories } from "@lanspread/peer/base";
import type { WebSocket } from "ws";
import { FIRST_LOOK_MS } from "./constants.ts";
import { loadDoor, saveDoor } from "./door/door-file.ts";
import { LogBook } from "./logs/log-book.ts";
import type { PeerHost, PeerHostOptions } from "./session/peer-host.ts";
import { WindowList } from "./session/window-list.ts";
import { fromSettings } from "./settings/peer-settings.ts";
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

/** The app before and while its peer runs: pages that come before are shown an outline until it does. */
export interface Shell extends AsyncDisposable {
  /** What is said to it is in the app's log, for pages and for who started it. */
  readonly logger: Logger;
  /** Windows that show it. */
  readonly windows: WindowList;
  /** Connections of pages, and of whoever else has the session. */
  readonly connections: number;
  /** Connections that wait for the peer. */
  readonly waiting: number;
  /** Whether games are worked on, or go out to others. */
  readonly isBusy: () => boolean;
  /** Resolves when the peer runs no longer though nobody has stopped it, with the reason. */
  readonly failed: Promise<{ readonly message: string }>;
  /** An address that opens the page once, in the next minutes. */
  openAddress(): string;
  /**
   * Starts the peer. To be called once; disposing of the shell stops it.
   *
   * @throws PeerError
   */
  start(): Promise<PeerHost>;
}

/**
 * Takes the state directory and opens the door: what a window needs to appear. All that takes its time is left to
 * {@link Shell.start}, which loads the peer with all its libraries.
 *
 * @throws PeerError, among others `state-locked` where somebody has the state directory
 */
export async function openShell(options: DesktopOptions): Promise<Shell> {
  const { explicit = {}, page = BUILT_PAGE, version } = options;
  const logs = new LogBook();
  const logger = joinLoggers(options.logger, logs.logger);
  const { stateDir } = options.peer;
  const windows = new WindowList();
  await using opened = new AsyncDisposableStack();
  await makeDirectories(stateDir, STATE_DIRECTORY_MODE);
  const files = await loadStaticFiles(page);
  const settings = await SettingsFile.open(stateDir, logger);
  const { name } = { ...options.peer, ...fromSettings(settings.get()), ...explicit };
  const claim = opened.use(
    await claimStateDir({ stateDir, logger, ...(name === undefined ? {} : { name }) }),
  );
  if (options.isWelcomed === true) await settings.change({ welcomed: true });

  const waiting = new Set<WebSocket>();
  const failed = Promise.withResolvers<{ readonly message: string }>();
  let starting: Promise<PeerHost> | null = null;
  let host: PeerHost | null = null;
  let serve: ((socket: WebSocket) => void) | null = null;
  opened.defer(async () => {
    await starting?.then(
      (started) => started[Symbol.asyncDispose](),
      () => {},
    );
  });
  const web = opened.use(
    await WebServer.start({
      files,
      covers: { read: async (path) => (await host?.covers.read(path)) ?? null },
      last: await loadDoor(stateDir, logger),
      onPage: (socket) => {
        if (serve === null) wait(socket);
        else serve(socket);
      },
    }),
  );
  await saveDoor(stateDir, { port: web.port, session: web.session }, logger);
  const held = opened.move();
  return {
    logger,
    windows,
    get connections() {
      return web.pages;
    },
    get waiting() {
      return waiting.size;
    },
    isBusy: () => host?.isBusy === true,
    failed: failed.promise,
    openAddress: () => web.openAddress(),
    start: () => {
      starting = start();
      return starting;
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of waiting) socket.resume();
      await held.disposeAsync();
    },
  };

  /** Nothing of it is read, and so nothing lost, before somebody answers. */
  function wait(socket: WebSocket): void {
    waiting.add(socket);
    socket.on("error", () => {});
    socket.once("close", () => waiting.delete(socket));
    socket.pause();
  }

  async function start(): Promise<PeerHost> {
    const { PeerHost, servePage } = await import("./session/index.ts");
    const hostOptions: PeerHostOptions = {
      peer: { ...options.peer, logger },
      ...{ explicit, settings, version, windows, logs, logger },
      wantWindow: async (kind) => await options.onWindowWanted?.(kind),
      quit: () => options.onQuit?.(),
    };
    const started = await PeerHost.start(hostOptions, claim);
    void started.failed.then(failed.resolve);
    host = started;
    void untilGamesAreKnown(started).then(() => {
      serve = (socket) => servePage(socket, started, logger);
      for (const socket of waiting) {
        waiting.delete(socket);
        if (socket.readyState !== socket.OPEN) continue;
        serve(socket);
        socket.resume();
      }
    });
    return started;
  }
}

/** A peer that has just started has not looked at its games: who is shown that sees an empty library for a moment. */
async function untilGamesAreKnown({ peer }: PeerHost): Promise<void> {
  const known = new AbortController();
  const late = delay(FIRST_LOOK_MS, undefined, { signal: known.signal }).catch(() => {});
  await Promise.race([peer.send({ type: "list-games" }).catch(() => {}), late]);
  known.abort();
}
