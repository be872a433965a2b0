import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { foldCase, type GameId } from "@lanspread/proto";
import { removeJournal } from "../../download/journal.ts";
import { fromNodeError, PeerError } from "../../errors/index.ts";
import { readSentinel } from "../../library/index.ts";
import { type Logger, silentLogger } from "../../logger.ts";
import {
  BACKUP_NAME,
  flushDirectory,
  INSTALLING_NAME,
  isLocalName,
  SENTINEL_DISCARDED_NAME,
  SENTINEL_NAME,
  type StateDir,
} from "../../storage/index.ts";
import { forgetInstalledList } from "../installed-list.ts";
import { clearIntent, writeIntent } from "../intent.ts";
import { recoverInstall } from "../recover-install.ts";
import { lstatIfThere, renameInRoot } from "../reserved-directory.ts";
import { createRunStep, type StepHook, tidy } from "../step.ts";
import { REPORTS } from "./constants.ts";
import { type Deleted, deleteListed } from "./delete-listed.ts";
import { deleteRoot, deleteSentinel } from "./delete-root.ts";
import { listRoot } from "./list-root.ts";
import { forgetRemovalList, type RemovalList, writeRemovalList } from "./removal-list.ts";

/** The steps of a removal, in their order. All behind `set-sentinel-aside` come after the point of no return. */
export type RemoveStep =
  | "record-removal"
  | "write-list"
  | "forget-download"
  | "set-sentinel-aside"
  | "delete-sentinel"
  | "delete-files"
  | "forget-lists"
  | "delete-root"
  | "clear-intent";

export interface RemoveProgress {
  /** Files and links that were deleted, and their bytes. */
  readonly doneFiles: number;
  readonly doneBytes: number;
  readonly totalFiles: number;
  readonly totalBytes: number;
}

export interface RemoveOptions {
  readonly gameId: GameId;
  /** Absolute path of the games directory. */
  readonly gamesDir: string;
  readonly stateDir: StateDir;
  /**
   * Cancels the removal until the sentinel is set aside. Afterwards it only ends the deleting early: the next recovery
   * goes on with it.
   */
  readonly signal?: AbortSignal;
  /** Called when the deleting begins, and some hundred times while it goes on. */
  readonly onProgress?: (progress: RemoveProgress) => void;
  readonly logger?: Logger;
  readonly onStep?: StepHook<RemoveStep>;
}

export interface RemoveResult {
  /** Files and links that were deleted, `version.ini` not counted. */
  readonly files: number;
  /** Their bytes. */
  readonly bytes: number;
  /** Files and directories that could not be deleted yet: the next recovery tries again. */
  readonly left: number;
}

/**
 * Removes a downloaded game: everything in its root but the names of other programs, and the root itself where none of
 * those is in it. Nobody else may work on the game meanwhile.
 *
 * The sentinel goes first, by a rename that is flushed before anything else is deleted: from then on the game is not
 * downloaded, whatever happens. What is deleted was listed before, and the list is written down: neither this nor the
 * recovery of it deletes what came to be there later.
 *
 * @throws PeerError `not-downloaded`, `already-installed`, `already-exists` (something of the user's is at a reserved
 *   name), `forbidden-path` (a file system is mounted in it), `cancelled`, and others of the disk, naming the file.
 */
export async function removeGame(options: RemoveOptions): Promise<RemoveResult> {
  const { gameId, gamesDir, stateDir, signal, logger = silentLogger } = options;
  const root = join(gamesDir, gameId);
  const step = createRunStep(options.onStep);
  try {
    signal?.throwIfAborted();
    await requireRemovable(gameId, root, stateDir, logger);
    const list = await listRoot(root, signal);
    let recorded = false;
    try {
      recorded = await record(logger, gameId, async () => {
        await step("record-removal", () =>
          writeIntent(stateDir, gameId, { operation: "removing", step: "setting-sentinel-aside", root }),
        );
        await step("write-list", () => writeRemovalList(stateDir, gameId, list));
      });
      // Beside a valid sentinel it is only a trace; beside none it would be a download to go on with.
      await step("forget-download", () => removeJournal(stateDir, gameId));
      // Counting may have taken long.
      await requireNothingReserved(gameId, root);
      signal?.throwIfAborted();
      await step("set-sentinel-aside", () => renameInRoot(root, SENTINEL_NAME, SENTINEL_DISCARDED_NAME));
    } catch (error) {
      await rollBack(options, logger);
      throw error;
    }
    let deleted: Deleted = nothingDeleted(list);
    await tidy(logger, gameId, async () => {
      // Before this is safe on the disk nothing may go: a power cut would bring the sentinel back, beside half a game.
      await flushDirectory(root);
      await step("delete-sentinel", () => deleteSentinel(root));
      deleted = await step("delete-files", () =>
        deleteListed({ ...withProgress(options, list), root, list }),
      );
      if (deleted.failure !== undefined) throw deleted.failure;
      await step("forget-lists", async () => {
        await forgetInstalledList(stateDir, gameId);
        await forgetRemovalList(stateDir, gameId);
      });
      await step("delete-root", () => deleteRoot(root));
      await step("clear-intent", () => clearIntent(stateDir, gameId));
    });
    if (!recorded && deleted.left > 0) {
      logger.warn("nobody will know what is left of the removed game", { gameId, root, left: deleted.left });
    }
    const { files, bytes, left } = deleted;
    return { files, bytes, left };
  } catch (error) {
    throw fromNodeError(error, root);
  }
}

async function requireRemovable(
  gameId: GameId,
  root: string,
  stateDir: StateDir,
  logger: Logger,
): Promise<void> {
  if ((await lstatIfThere(root))?.isDirectory() !== true) {
    throw new PeerError("not-downloaded", `${gameId} is not downloaded: ${root} is no directory`);
  }
  await recoverInstall({ gameId, root, stateDir, logger });
  // A folder without a sentinel that can be read is nobody's download, and not to be deleted.
  const sentinel = await readSentinel(root);
  if (sentinel.status !== "valid") {
    const why = sentinel.status === "invalid" ? sentinel.warning : `${root} has no version.ini`;
    throw new PeerError("not-downloaded", `${gameId} is not downloaded: ${why}`);
  }
  await requireNothingReserved(gameId, root);
}

/** @throws PeerError where `local/`, or something at the names of a transaction, is in the root, in any spelling. */
async function requireNothingReserved(gameId: GameId, root: string): Promise<void> {
  const names = await readdir(root);
  const local = names.find(isLocalName);
  if (local !== undefined) {
    throw new PeerError("already-installed", `${gameId} is installed: ${join(root, local)} is there`);
  }
  const reserved = names.find((name) => [INSTALLING_NAME, BACKUP_NAME].includes(foldCase(name)));
  if (reserved === undefined) return;
  throw new PeerError("already-exists", `${join(root, reserved)} is there, and may be somebody's`, {
    hint: "Look into it, and move it away or delete it.",
  });
}

/**
 * Writes down what is about to happen, and says whether it could. On a full disk it goes on without: deleting makes room,
 * and an interruption leaves a folder without sentinel then.
 */
async function record(logger: Logger, gameId: GameId, work: () => Promise<void>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    if (!(error instanceof PeerError) || error.code !== "disk-full") throw error;
    logger.warn("the disk is full: the removal begins without a record of it", { gameId, error });
    return false;
  }
}

function withProgress(
  { signal, onProgress }: RemoveOptions,
  { entries }: RemovalList,
): Pick<Parameters<typeof deleteListed>[0], "signal" | "onDeleted"> {
  const totalFiles = entries.length;
  const totalBytes = entries.reduce((sum, { size }) => sum + size, 0);
  const stride = Math.ceil(totalFiles / REPORTS);
  let [doneFiles, doneBytes] = [0, 0];
  const report = (): void => onProgress?.({ doneFiles, doneBytes, totalFiles, totalBytes });
  report();
  return {
    ...(signal === undefined ? {} : { signal }),
    onDeleted: ({ size }) => {
      doneFiles += 1;
      doneBytes += size;
      if (doneFiles % stride === 0 || doneFiles === totalFiles) report();
    },
  };
}

function nothingDeleted({ entries, directories }: RemovalList): Deleted {
  return { files: 0, bytes: 0, left: entries.length + directories.length, failure: undefined };
}

/** Nothing was deleted. What cannot be cleared now is cleared by the next recovery: the sentinel says that nothing was. */
async function rollBack({ gameId, stateDir }: RemoveOptions, logger: Logger): Promise<void> {
  try {
    await forgetRemovalList(stateDir, gameId);
    await clearIntent(stateDir, gameId);
  } catch (error) {
    logger.warn("a failed removal could not be cleaned up yet", { gameId, error });
  }
}
