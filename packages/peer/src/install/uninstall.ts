import { join } from "node:path";
import type { GameId } from "@lanspread/proto";
import { fromNodeError, PeerError } from "../errors/index.ts";
import { type Logger, silentLogger } from "../logger.ts";
import { BACKUP_NAME, flushDirectory, LOCAL_NAME, type StateDir } from "../storage/index.ts";
import { forgetInstalledList, readInstalledList } from "./installed-list.ts";
import { clearIntent, writeIntent } from "./intent.ts";
import { recoverInstall } from "./recover-install.ts";
import { deleteRoot } from "./remove/delete-root.ts";
import { requireOneFileSystem } from "./require-one-file-system.ts";
import {
  deleteOwned,
  isInstalled,
  lstatIfThere,
  markOwned,
  renameInRoot,
  requireFreeName,
} from "./reserved-directory.ts";
import { createRunStep, type StepHook, tidy } from "./step.ts";

/** The steps of an uninstall, in their order. All behind `set-aside` come after the point of no return. */
export type UninstallStep =
  | "record-setting-aside"
  | "set-aside"
  | "mark-backup"
  | "forget-list"
  | "delete-backup"
  | "clear-intent"
  /** Only where it is known what was installed. */
  | "delete-root";

export interface UninstallOptions {
  readonly gameId: GameId;
  /** Absolute path of the game root. */
  readonly root: string;
  readonly stateDir: StateDir;
  /** Counts until `local/` is set aside. */
  readonly signal?: AbortSignal;
  readonly logger?: Logger;
  readonly onStep?: StepHook<UninstallStep>;
}

/**
 * Uninstalls a game: `local/` with everything in it is deleted, the downloaded files stay. Nobody else may work on the
 * game meanwhile.
 *
 * `local/` disappears by one rename to `.local.backup/`. After it the game is not installed; what could not be deleted
 * is a warning, and deleted later.
 *
 * @throws PeerError `not-installed`, `already-exists` (something of the user's is at the reserved name), `forbidden-path`
 *   (another file system is mounted in `local/`), `cancelled`,
 *   and others of the disk, naming the file.
 */
export async function uninstallGame(options: UninstallOptions): Promise<void> {
  const { gameId, root, stateDir, signal, logger = silentLogger } = options;
  const step = createRunStep(options.onStep);
  const backup = join(root, BACKUP_NAME);
  try {
    signal?.throwIfAborted();
    if ((await lstatIfThere(root))?.isDirectory() !== true) throw notInstalled(gameId, root);
    await recoverInstall({ gameId, root, stateDir, logger });
    if (!(await isInstalled(root))) throw notInstalled(gameId, root);
    await requireFreeName(backup);
    await requireOneFileSystem(join(root, LOCAL_NAME), signal);
    try {
      await step("record-setting-aside", () =>
        writeIntent(stateDir, gameId, { operation: "uninstalling", step: "setting-aside", root }),
      );
      signal?.throwIfAborted();
      await step("set-aside", () => renameInRoot(root, LOCAL_NAME, BACKUP_NAME));
    } catch (error) {
      await clearIntent(stateDir, gameId).catch((failure: unknown) => {
        logger.warn("a failed uninstall could not be cleaned up yet", { gameId, error: failure });
      });
      throw error;
    }
    await tidy(logger, gameId, async () => {
      const list = await readInstalledList(stateDir, gameId);
      await flushDirectory(root);
      // On a full disk the mark cannot be written: the intent proves as much, and deleting makes room.
      await tidy(logger, gameId, () => step("mark-backup", () => markOwned(backup, "uninstalling")));
      await step("forget-list", () => forgetInstalledList(stateDir, gameId));
      await step("delete-backup", () => deleteOwned(backup));
      await step("clear-intent", () => clearIntent(stateDir, gameId));
      // Of a game that came unpacked nothing else is here. A root that the user made stays, empty or not.
      if (list !== undefined) await step("delete-root", () => deleteRoot(root));
    });
  } catch (error) {
    throw fromNodeError(error, root);
  }
}

function notInstalled(gameId: GameId, root: string): PeerError {
  return new PeerError(
    "not-installed",
    `${gameId} is not installed: ${join(root, LOCAL_NAME)} is no directory`,
  );
}
