import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { GameId } from "@lanspread/proto";
import { fromNodeError, toPeerError } from "../errors/index.ts";
import { listRoots } from "../library/roots.ts";
import { type Logger, silentLogger } from "../logger.ts";
import {
  flushDirectory,
  gamesWithState,
  SENTINEL_DISCARDED_NAME,
  SENTINEL_TEMPORARY_NAME,
  type StateDir,
} from "../storage/index.ts";
import { forgetInstalledList } from "./installed-list.ts";
import { clearIntent, readIntent } from "./intent.ts";
import { recoverInstall } from "./recover-install.ts";
import type { RecoveryAction } from "./recovery-table.ts";
import { forgetRemovalList } from "./remove/removal-list.ts";
import { lstatIfThere } from "./reserved-directory.ts";
import type { StepHook } from "./step.ts";

export interface RecoverInstallsOptions {
  /** Absolute path of the games directory. */
  readonly gamesDir: string;
  readonly stateDir: StateDir;
  /** Whether an operation is active on a game, at this moment: it is left alone. */
  readonly isBusy: (id: GameId) => boolean;
  readonly logger?: Logger;
  readonly signal?: AbortSignal;
  readonly onStep?: StepHook<RecoveryAction>;
}

/**
 * Puts right what interrupted installs, updates, uninstalls and removals left in a games directory, and removes the
 * sentinels of interrupted downloads where no journal waits for them. To be run before anything in the
 * directory is looked at, whenever it comes that was not there, and behind the recovery of downloads.
 *
 * A game that cannot be put right is told to the log, and the others go on.
 *
 * @throws PeerError when the games directory cannot be read, or `cancelled`.
 */
export async function recoverInstalls(options: RecoverInstallsOptions): Promise<void> {
  const { gamesDir, stateDir, isBusy, logger = silentLogger, signal, onStep } = options;
  const passedOn = {
    ...(signal === undefined ? {} : { signal }),
    ...(onStep === undefined ? {} : { onStep }),
  };
  const { ids } = await listRoots(gamesDir);
  for (const gameId of ids) {
    if (signal?.aborted === true) throw toPeerError(signal.reason);
    if (isBusy(gameId)) continue;
    const root = join(gamesDir, gameId);
    try {
      await recoverInstall({ gameId, root, stateDir, logger, ...passedOn });
      await sweepSentinels(root, stateDir, gameId);
    } catch (error) {
      logger.error("a game could not be put right after an interruption", { gameId, error });
    }
  }
  for (const gameId of await gamesWithState(stateDir)) {
    if (isBusy(gameId) || ids.includes(gameId)) continue;
    try {
      await forgetWithoutRoot(options, gameId, logger);
    } catch (error) {
      logger.error("a game that is gone could not be forgotten", { gameId, error });
    }
  }
}

/**
 * Puts right what was left of one game, which nobody else works on: to be run before the game is downloaded, since what is
 * left of a removed game is in its way.
 *
 * @throws PeerError when something cannot be moved or deleted, naming it.
 */
export async function recoverGame(
  options: Pick<RecoverInstallsOptions, "gamesDir" | "stateDir" | "signal"> & {
    readonly gameId: GameId;
    readonly logger: Logger;
  },
): Promise<void> {
  const { gamesDir, gameId, ...rest } = options;
  const root = join(gamesDir, gameId);
  if ((await lstatIfThere(root))?.isDirectory() === true) await recoverInstall({ ...rest, gameId, root });
}

/**
 * A removal whose root is gone is over, and an install that has not made its root yet has not begun. Where something is still on the
 * list of a removal and the games directory is empty, a drive may be missing that is to be plugged in again.
 */
async function forgetWithoutRoot(
  { gamesDir, stateDir }: RecoverInstallsOptions,
  gameId: GameId,
  logger: Logger,
): Promise<void> {
  const root = join(gamesDir, gameId);
  const intent = await readIntent(stateDir, gameId, root, logger);
  if ((await lstatIfThere(root)) !== undefined) return;
  // It was to be made, and was not, or is gone again.
  if (intent?.operation === "installing" && intent.madeRoot) return clearIntent(stateDir, gameId);
  if (intent?.operation !== "removing") return;
  const listed = (await lstatIfThere(stateDir.removalList(gameId))) !== undefined;
  if (listed && (await readdir(gamesDir)).length === 0) return;
  await forgetInstalledList(stateDir, gameId);
  await forgetRemovalList(stateDir, gameId);
  await clearIntent(stateDir, gameId);
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
