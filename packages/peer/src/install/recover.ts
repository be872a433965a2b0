import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { GameId } from "@lanspread/proto";
import { fromNodeError, toPeerError } from "../errors/index.ts";
import { listRoots } from "../library/roots.ts";
import { type Logger, silentLogger } from "../logger.ts";
import {
  flushDirectory,
  SENTINEL_DISCARDED_NAME,
  SENTINEL_TEMPORARY_NAME,
  type StateDir,
} from "../storage/index.ts";
import { recoverInstall } from "./recover-install.ts";
import { lstatIfThere } from "./reserved-directory.ts";

export interface RecoverInstallsOptions {
  /** Absolute path of the games directory. */
  readonly gamesDir: string;
  readonly stateDir: StateDir;
  /** Whether an operation is active on a game, at this moment: it is left alone. */
  readonly isBusy: (id: GameId) => boolean;
  readonly logger?: Logger;
  readonly signal?: AbortSignal;
}

/**
 * Puts right what interrupted installs, updates and uninstalls left in a games directory, and removes the sentinels of
 * interrupted downloads where no journal waits for them. To be run at start-up and after another games directory was
 * chosen, behind the recovery of downloads.
 *
 * A game that cannot be put right is told to the log, and the others go on.
 *
 * @throws PeerError when the games directory cannot be read, or `cancelled`.
 */
export async function recoverInstalls(options: RecoverInstallsOptions): Promise<void> {
  const { gamesDir, stateDir, isBusy, logger = silentLogger, signal } = options;
  const { ids } = await listRoots(gamesDir);
  for (const gameId of ids) {
    if (signal?.aborted === true) throw toPeerError(signal.reason);
    if (isBusy(gameId)) continue;
    const root = join(gamesDir, gameId);
    try {
      await recoverInstall({ gameId, root, stateDir, logger });
      await sweepSentinels(root, stateDir, gameId);
    } catch (error) {
      logger.error("a game could not be put right after an interruption", { gameId, error });
    }
  }
}

/**
 * Removes the sentinel's temporary names. A finished `.version.ini.tmp` is not promoted: the archives beside it may be
 * of two versions.
 */
async function sweepSentinels(root: string, stateDir: StateDir, gameId: GameId): Promise<void> {
  if ((await lstatIfThere(stateDir.downloadJournal(gameId))) !== undefined) return;
  for (const name of [SENTINEL_TEMPORARY_NAME, SENTINEL_DISCARDED_NAME]) {
    const path = join(root, name);
    if ((await lstatIfThere(path))?.isFile() !== true) continue;
    try {
      await rm(path);
      await flushDirectory(root);
    } catch (error) {
      throw fromNodeError(error, path);
    }
  }
}
