import { join } from "node:path";
import type { GameId } from "@lanspread/proto";
import type { Logger } from "../logger.ts";
import {
  BACKUP_NAME,
  flushDirectory,
  INSTALLING_NAME,
  LOCAL_NAME,
  SENTINEL_NAME,
  type StateDir,
} from "../storage/index.ts";
import { adoptComingList, dropComingList, forgetInstalledList } from "./installed-list.ts";
import { clearIntent, readIntent } from "./intent.ts";
import {
  decideRecovery,
  type InstallIntent,
  type LocalState,
  type RecoveryAction,
} from "./recovery-table.ts";
import { deleteListed } from "./remove/delete-listed.ts";
import { deleteRoot, deleteSentinel } from "./remove/delete-root.ts";
import { forgetRemovalList, readRemovalList } from "./remove/removal-list.ts";
import {
  deleteOwned,
  examineLocal,
  examineReserved,
  lstatIfThere,
  type ReservedDirectory,
  renameInRoot,
  unmark,
} from "./reserved-directory.ts";
import { createRunStep, type StepHook } from "./step.ts";

export interface RecoverInstallOptions {
  readonly gameId: GameId;
  /** Absolute path of the game root, which is a directory. */
  readonly root: string;
  readonly stateDir: StateDir;
  readonly logger: Logger;
  /** Ends the deleting of what is left of a removed game; the next recovery goes on. */
  readonly signal?: AbortSignal;
  readonly onStep?: StepHook<RecoveryAction>;
}

/** Directories that the user was told of: once is enough. */
const reported = new Set<string>();

/**
 * Puts right what an interrupted install, update, uninstall or removal left in one game root. Nobody else may work on
 * the game meanwhile.
 *
 * @returns what was done, in its order; nothing where nothing was left.
 * @throws PeerError when something cannot be moved or deleted; it is tried again the next time.
 */
export async function recoverInstall(options: RecoverInstallOptions): Promise<readonly RecoveryAction[]> {
  const { gameId, root, stateDir, logger } = options;
  const [stagingPath, backupPath] = [join(root, INSTALLING_NAME), join(root, BACKUP_NAME)];
  const [found, staging, backup, recorded] = [
    await examineLocal(root),
    await examineReserved(stagingPath),
    await examineReserved(backupPath),
    await readIntent(stateDir, gameId, root, logger),
  ];
  if (staging.obstructed) reportOnce(logger, gameId, stagingPath, "it is no directory");
  if (backup.obstructed) reportOnce(logger, gameId, backupPath, "it is no directory");
  if (found === "obstructed") {
    // Neither "installed" nor "not installed": whatever was interrupted here waits for the user.
    reportOnce(logger, gameId, join(root, LOCAL_NAME), "it is no directory");
    return [];
  }
  // Somebody may have renamed staging by hand, to rescue a game that seemed gone: what was to be carried over is not in it.
  const unfinished = recorded?.operation === "updating" && !recorded.promoting;
  const local = found === "promoted" && unfinished ? "present" : found;
  const actions = decideRecovery({
    intent: recorded?.operation ?? whatMarksSay(local, staging, backup),
    madeRoot: recorded?.madeRoot ?? false,
    sentinel: (await lstatIfThere(join(root, SENTINEL_NAME))) !== undefined,
    local,
    staging: staging.state,
    backup: backup.state,
  });
  const step = createRunStep(options.onStep);
  const done: RecoveryAction[] = [];
  for (const action of actions) {
    // An intent that speaks of another root is not this recovery's to clear.
    if (action === "clear-intent" && recorded === undefined) continue;
    await step(action, () => perform(action));
    if (!action.startsWith("report-")) done.push(action);
  }
  if (done.length > 0) {
    logger.info("an interrupted operation was put right", {
      gameId,
      root,
      intent: recorded?.operation,
      actions: done,
    });
  }
  return done;

  async function perform(action: RecoveryAction): Promise<void> {
    switch (action) {
      case "restore-backup":
        await renameInRoot(root, BACKUP_NAME, LOCAL_NAME);
        await flushDirectory(root);
        return unmark(join(root, LOCAL_NAME));
      case "unmark-local":
        return unmark(join(root, LOCAL_NAME));
      case "adopt-list":
        return adoptComingList(stateDir, gameId);
      case "drop-coming-list":
        return dropComingList(stateDir, gameId);
      case "forget-list":
        return forgetInstalledList(stateDir, gameId);
      case "delete-staging":
        return deleteOwned(stagingPath);
      case "delete-backup":
        return deleteOwned(backupPath);
      case "report-staging":
        return reportOnce(logger, gameId, stagingPath, "nothing proves that lanspread made it");
      case "report-backup":
        return reportOnce(logger, gameId, backupPath, "nothing proves that nobody misses what is in it");
      case "report-rest":
        return reportOnce(logger, gameId, root, "somebody has installed what was being removed");
      case "delete-listed":
        return deleteRest(options);
      case "forget-removal":
        return forgetRemovalList(stateDir, gameId);
      case "delete-root":
        return deleteRoot(root);
      case "clear-intent":
        return clearIntent(stateDir, gameId);
    }
  }
}

/** What was interrupted, where no intent says it: it is damaged, or speaks of where the games directory was before. */
function whatMarksSay(
  local: LocalState,
  staging: ReservedDirectory,
  backup: ReservedDirectory,
): InstallIntent | "none" {
  // No install makes a backup: this one was a promoted `local/`, and is all that there is.
  if (backup.purpose === "installing") return "updating";
  if (backup.purpose !== undefined) return backup.purpose;
  return local === "promoted" && staging.state === "absent" ? "installing" : "none";
}

/** @throws PeerError when something cannot be deleted, once everything else is. */
async function deleteRest({ gameId, root, stateDir, logger, signal }: RecoverInstallOptions): Promise<void> {
  // An interruption may have come before this was flushed.
  await flushDirectory(root);
  await deleteSentinel(root);
  const list = await readRemovalList(stateDir, gameId, logger);
  const { failure } = await deleteListed({ root, list, ...(signal === undefined ? {} : { signal }) });
  if (failure !== undefined) throw failure;
}

function reportOnce(logger: Logger, gameId: GameId, path: string, why: string): void {
  if (reported.has(path)) return;
  reported.add(path);
  logger.warn("something lies at a reserved name and is left alone", { gameId, path, why });
}
