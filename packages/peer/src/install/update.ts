import { join } from "node:path";
import type { GameId } from "@lanspread/proto";
import { fromNodeError, PeerError } from "../errors/index.ts";
import { silentLogger } from "../logger.ts";
import { BACKUP_NAME, flushDirectory, INSTALLING_NAME, LOCAL_NAME } from "../storage/index.ts";
import { type CarriedOver, carryOver } from "./carry-over.ts";
import { fillStaging } from "./fill-staging.ts";
import type { InstallOptions, InstallResult } from "./install.ts";
import { adoptComingList, dropComingList, readInstalledList, writeComingList } from "./installed-list.ts";
import { clearIntent, PROMOTING, writeIntent } from "./intent.ts";
import { inspectPayload } from "./payload.ts";
import { recoverInstall } from "./recover-install.ts";
import { requireDownloaded } from "./require-downloaded.ts";
import { requireOneFileSystem } from "./require-one-file-system.ts";
import {
  deleteOwned,
  isInstalled,
  markOwned,
  renameInRoot,
  requireFreeName,
  unmark,
} from "./reserved-directory.ts";
import { requireSpace, withSpaceFigures } from "./space.ts";
import { makeStaging, promote, requirePromotable, type StagingStep } from "./staging.ts";
import { createRunStep, type RunStep, type StepHook, tidy } from "./step.ts";
import type { UnpackedFile } from "./types.ts";

/** The steps of an update, in their order. All behind `promote` come after the point of no return. */
export type UpdateStep =
  | "record-setting-aside"
  | "mark-backup"
  | "set-aside"
  | StagingStep
  /** Between `fill-staging` and `flush-staging`. */
  | "carry-over"
  | "record-promotion"
  | "write-list"
  | "promote"
  | "adopt-list"
  | "delete-backup"
  | "unmark-local"
  | "clear-intent";

export interface UpdateOptions extends Omit<InstallOptions, "onStep"> {
  readonly onStep?: StepHook<UpdateStep>;
}

export interface UpdateResult extends InstallResult {
  /** Files and links of the user's that were carried over. */
  readonly carried: number;
}

/**
 * Brings an installed game to the version that is downloaded. Nobody else may work on the game meanwhile, nor play it.
 *
 * `local/` is set aside as `.local.backup/`, the new version is made beside it, what the user has in the old one is carried
 * over, and it all appears as `local/` by one rename. A failure or a cancellation before that brings the old install back as
 * it was; after it the game is updated, and what could not be cleaned up is a warning.
 *
 * @throws PeerError `not-downloaded`, `not-installed`, `already-exists` (something of the user's is at a reserved name, or
 *   in the way of the new version), `disk-full` with both numbers, the `archive-…` errors, `verification` (the old install
 *   was changed meanwhile), `forbidden-path` (a file system is mounted in it), `cancelled`, and others of the disk, naming the file.
 */
export async function updateGame(options: UpdateOptions): Promise<UpdateResult> {
  const { gameId, root, stateDir, signal, onProgress, logger = silentLogger } = options;
  const step = createRunStep(options.onStep);
  const cancellable = signal === undefined ? {} : { signal };
  try {
    signal?.throwIfAborted();
    onProgress?.({ phase: "checking", doneBytes: 0, totalBytes: 0 });
    const version = await requireDownloaded(gameId, root);
    await recoverInstall({ gameId, root, stateDir, logger });
    await requireUpdatable(gameId, root);
    await requireOneFileSystem(join(root, LOCAL_NAME), signal);
    const source = await inspectPayload({ ...options, logger });
    if (source.kind === "archives") await requireSpace(root, source.bytes);
    const list = await readInstalledList(stateDir, gameId);

    const made = { mark: false, backup: false, staging: false };
    let files: readonly UnpackedFile[];
    let kept: CarriedOver | undefined;
    try {
      await setAside(options, step, made);
      files = await makeStaging({
        root,
        step,
        ...cancellable,
        fill: (staging) => fillStaging({ ...options, staging, source }),
        onMade: () => {
          made.staging = true;
        },
        beforeFlush: async (staging) => {
          const [doneBytes, totalBytes] = [source.bytes, source.bytes];
          onProgress?.({ phase: "carrying", doneBytes, totalBytes });
          const backup = join(root, BACKUP_NAME);
          kept = await step("carry-over", () =>
            carryOver({ gameId, backup, staging, list, logger, ...cancellable }),
          );
          onProgress?.({ phase: "flushing", doneBytes, totalBytes });
        },
      });
      await step("record-promotion", () =>
        writeIntent(stateDir, gameId, { operation: "updating", step: PROMOTING, root }),
      );
      await step("write-list", () => writeComingList(stateDir, gameId, { version, files: [...files] }));
      await kept?.requireUnchanged();
      await requirePromotable({ gameId, root, files, ...cancellable });
      await step("promote", () => promote(root));
    } catch (error) {
      const reason = await rollBack(options, made, error);
      throw await withSpaceFigures(reason, { root, state: stateDir.root, needed: source.bytes });
    }
    await tidy(logger, gameId, async () => {
      await flushDirectory(root);
      await step("adopt-list", () => adoptComingList(stateDir, gameId));
      await step("delete-backup", () => deleteOwned(join(root, BACKUP_NAME)));
      // Not before: where `local/` has the mark, recovery knows that nothing in the backup is missed.
      await step("unmark-local", () => unmark(join(root, LOCAL_NAME)));
      await step("clear-intent", () => clearIntent(stateDir, gameId));
    });
    const bytes = files.reduce((sum, { size }) => sum + size, 0);
    return { files: files.length, bytes, carried: kept?.carried ?? 0 };
  } catch (error) {
    throw fromNodeError(error, root);
  }
}

async function requireUpdatable(gameId: GameId, root: string): Promise<void> {
  if (!(await isInstalled(root))) {
    throw new PeerError(
      "not-installed",
      `${gameId} is not installed: ${join(root, LOCAL_NAME)} is no directory`,
    );
  }
  await requireFreeName(join(root, BACKUP_NAME));
  await requireFreeName(join(root, INSTALLING_NAME));
}

async function setAside(
  { gameId, root, stateDir, signal }: UpdateOptions,
  step: RunStep<UpdateStep>,
  made: { mark: boolean; backup: boolean },
): Promise<void> {
  await step("record-setting-aside", () =>
    writeIntent(stateDir, gameId, { operation: "updating", step: "setting-aside", root }),
  );
  // Before it gets its name: a backup says what it is even where the intent is of no use, in a games directory that was moved.
  await step("mark-backup", async () => {
    made.mark = true;
    await markOwned(join(root, LOCAL_NAME), "updating");
  });
  signal?.throwIfAborted();
  await step("set-aside", async () => {
    await renameInRoot(root, LOCAL_NAME, BACKUP_NAME);
    made.backup = true;
    await flushDirectory(root);
  });
}

/**
 * Brings the old install back, then clears away. Where that fails everything stays as it is, the intent too: the old
 * install is safe, and the next recovery goes on.
 *
 * @returns what the update failed with, for the user
 */
async function rollBack(
  { gameId, root, stateDir, logger = silentLogger }: UpdateOptions,
  made: { readonly mark: boolean; readonly backup: boolean; readonly staging: boolean },
  reason: unknown,
): Promise<unknown> {
  const backup = join(root, BACKUP_NAME);
  let back = !made.backup;
  try {
    // First of all: nothing that is wrong with the state directory keeps the old install away.
    if (made.backup) {
      await renameInRoot(root, BACKUP_NAME, LOCAL_NAME);
      back = true;
      await flushDirectory(root);
    }
    if (made.mark) await unmark(join(root, LOCAL_NAME));
    await dropComingList(stateDir, gameId);
    if (made.staging) await deleteOwned(join(root, INSTALLING_NAME));
    await clearIntent(stateDir, gameId);
  } catch (error) {
    logger.warn("a failed update could not be cleaned up yet", { gameId, error });
  }
  if (back) return reason;
  const { code, message } = fromNodeError(reason, root);
  return new PeerError(code, `${message}; the old install is safe, but still in ${backup}`, {
    cause: reason,
    hint: `Move away what is at ${join(root, LOCAL_NAME)}, if anything is: the old install comes back at the next start.`,
  });
}
