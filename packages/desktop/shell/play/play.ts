import { lstat, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import {
  flushDirectory,
  type Logger,
  makeDirectories,
  PeerError,
  type StateDir,
  stateDirLayout,
  writeFileDurably,
} from "@lanspread/peer/base";
import type { GameId } from "@lanspread/proto";
import type { Played } from "../../protocol/messages.ts";
import { cleanName } from "./clean-name.ts";
import { findScript } from "./find-script.ts";
import { runScript } from "./run-script.ts";
import { stampPlayer } from "./stamp-player.ts";

/** Open to its owner alone, as everything in the state directory. */
const PRIVATE_MODE = 0o700;

export interface PlayOptions {
  readonly gameId: GameId;
  /** As its card says it. */
  readonly gameName: string;
  /** Absolute path of the game root. */
  readonly root: string;
  readonly stateDir: string;
  /** As the player has written it. */
  readonly playerName: string;
  readonly language: "en" | "de";
  readonly logger: Logger;
  /** Set-ups that were started in this run, and could not be noted on the disk. */
  readonly unnoted: Set<GameId>;
  /** Default: {@link runScript}. */
  readonly run?: typeof runScript;
}

/**
 * Starts an installed game: its set-up where that has never been started, else the game.
 *
 * @returns which of them
 * @throws PeerError `not-installed`, `no-such-file` where the game has no script, and others of the file system
 */
export async function play(options: PlayOptions): Promise<Played> {
  const { gameId, gameName, root, stateDir, playerName, language, logger, run = runScript } = options;
  const name = cleanName(playerName);
  const local = await requireInstalled(options);
  const layout = stateDirLayout(stateDir);
  const args = [local, gameId, language, name];
  try {
    await makeDirectories(layout.gameDir(gameId), PRIVATE_MODE);
    await stampOnce(options, { local, name, marker: layout.launchSettingsApplied(gameId) });
  } catch (error) {
    // It can be played all the same, also where the disk is full; the next time tries again.
    logger.warn("the player's name could not be written into a game", { gameId, error });
  }
  const setup = await findScript(root, "game_setup");
  if (setup !== null && !(await wasSetUp(options, layout))) {
    await setUp(options, layout, () => run({ script: setup, args, staysOpen: false }));
    return { started: "set-up" };
  }
  const script = await findScript(root, "game_start");
  if (script === null) throw nothingToStart(gameName, root, "game_start");
  await run({ script, args, staysOpen: false });
  return { started: "game" };
}

/** Whether a set-up was started, now or earlier. One that could not be noted is noted now, where that is possible. */
async function wasSetUp({ gameId, unnoted, logger }: PlayOptions, layout: StateDir): Promise<boolean> {
  if (await isThere(layout.setupDone(gameId))) return true;
  if (!unnoted.has(gameId)) return false;
  try {
    await writeFileDurably(layout.setupDone(gameId), "");
    unnoted.delete(gameId);
  } catch (error) {
    logger.warn("that a game was set up cannot be noted yet", { gameId, error });
  }
  return true;
}

/**
 * Starts a set-up so that it is started once: where there is no room to note that, it is not. The note is written before, and
 * only gets its name when the set-up was started, which takes no room.
 *
 * @throws PeerError, also of the disk where the state directory is
 */
async function setUp(
  { gameId, unnoted, logger }: PlayOptions,
  layout: StateDir,
  start: () => Promise<void>,
): Promise<void> {
  const coming = layout.comingSetupDone(gameId);
  await makeDirectories(layout.gameDir(gameId), PRIVATE_MODE);
  await writeFileDurably(coming, "");
  try {
    await start();
  } catch (error) {
    await rm(coming, { force: true }).catch(() => {});
    throw error;
  }
  try {
    await rename(coming, layout.setupDone(gameId));
    await flushDirectory(layout.gameDir(gameId));
  } catch (error) {
    // It runs: all that can be done is to know it, as long as the app does.
    unnoted.add(gameId);
    logger.warn("that a game was set up could not be noted", { gameId, error });
  }
}

interface Stamp {
  readonly local: string;
  /** Clean. */
  readonly name: string;
  /** File that says that it was done. */
  readonly marker: string;
}

async function stampOnce(options: PlayOptions, { local, name, marker }: Stamp): Promise<void> {
  if (await isThere(marker)) return;
  const { gameId, language, logger } = options;
  const written = await stampPlayer(local, { name, language });
  logger.info("the player's name was written into a game", { gameId, files: written.length });
  await writeFileDurably(marker, "");
}

/**
 * Starts a game's server, in a window that stays open.
 *
 * @throws as {@link play}
 */
export async function startServer(options: PlayOptions): Promise<void> {
  const { gameId, gameName, root, playerName, language, run = runScript } = options;
  const local = await requireInstalled(options);
  const script = await findScript(root, "server_start");
  if (script === null) throw nothingToStart(gameName, root, "server_start");
  await run({ script, args: [local, gameId, language, cleanName(playerName)], staysOpen: true });
}

async function requireInstalled({ gameName, root }: PlayOptions): Promise<string> {
  const local = join(root, "local");
  const stats = await lstat(local).catch(() => null);
  if (stats?.isDirectory() === true) return local;
  throw new PeerError("not-installed", `${gameName} is not installed.`);
}

function nothingToStart(gameName: string, root: string, kind: string): PeerError {
  return new PeerError(
    "no-such-file",
    `${gameName} brings no ${kind} script, neither in ${root} nor in local/`,
    {
      hint: "Open its folder and start it by hand.",
    },
  );
}

async function isThere(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => null)) !== null;
}
