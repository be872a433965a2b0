import { lstat } from "node:fs/promises";
import { join } from "node:path";
import {
  type Logger,
  makeDirectories,
  PeerError,
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
  /** Absolute path of the game root. */
  readonly root: string;
  readonly stateDir: string;
  /** As the player has written it. */
  readonly playerName: string;
  readonly language: "en" | "de";
  readonly logger: Logger;
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
  const { gameId, root, stateDir, playerName, language, logger, run = runScript } = options;
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
  if (setup !== null && !(await isThere(layout.setupDone(gameId)))) {
    await run({ script: setup, args, staysOpen: false });
    await writeFileDurably(layout.setupDone(gameId), "");
    return { started: "set-up" };
  }
  const script = await findScript(root, "game_start");
  if (script === null) throw nothingToStart(gameId, root, "game_start");
  await run({ script, args, staysOpen: false });
  return { started: "game" };
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
  const { gameId, root, playerName, language, run = runScript } = options;
  const local = await requireInstalled(options);
  const script = await findScript(root, "server_start");
  if (script === null) throw nothingToStart(gameId, root, "server_start");
  await run({ script, args: [local, gameId, language, cleanName(playerName)], staysOpen: true });
}

async function requireInstalled({ gameId, root }: PlayOptions): Promise<string> {
  const local = join(root, "local");
  const stats = await lstat(local).catch(() => null);
  if (stats?.isDirectory() === true) return local;
  throw new PeerError("not-installed", `${gameId} is not installed.`);
}

function nothingToStart(gameId: GameId, root: string, kind: string): PeerError {
  return new PeerError(
    "no-such-file",
    `${gameId} brings no ${kind} script, neither in ${root} nor in local/`,
    {
      hint: "Open its folder and start it by hand.",
    },
  );
}

async function isThere(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => null)) !== null;
}
