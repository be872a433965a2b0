import { join } from "node:path";
import type { GameId, GameVersion } from "@lanspread/proto";
import type { Logger } from "../logger.ts";
import { flushDirectory, INSTALLING_NAME, LOCAL_NAME, type StateDir } from "../storage/index.ts";
import { forgetInstalledList, writeInstalledList } from "./installed-list.ts";
import { clearIntent, PROMOTING, removeDurably, writeIntent } from "./intent.ts";
import { deleteRoot } from "./remove/delete-root.ts";
import { deleteOwned, unmark } from "./reserved-directory.ts";
import { withSpaceFigures } from "./space.ts";
import { makeStaging, promote, requirePromotable, type StagingStep } from "./staging.ts";
import { type RunStep, tidy } from "./step.ts";
import type { UnpackedFile } from "./types.ts";

/** The steps of an install, in their order. The last two come after the point of no return. */
export type InstallStep =
  | "record-staging"
  | StagingStep
  | "record-promotion"
  | "write-list"
  | "promote"
  | "unmark-local"
  | "clear-intent";

export interface StagedInstallOptions {
  readonly gameId: GameId;
  /** Absolute path of the game root: a directory without `local/` and with nothing at the reserved names. */
  readonly root: string;
  /**
   * Makes the root, where there is none; only then it is given. Where the install fails, or is interrupted, the root is
   * removed again unless somebody has put something into it.
   */
  readonly makeRoot?: () => Promise<void>;
  readonly stateDir: StateDir;
  readonly logger: Logger;
  readonly signal?: AbortSignal;
  readonly step: RunStep<InstallStep>;
  /** What staging takes when it is complete, bytes, where that is known by then: for who has to free space. */
  readonly neededBytes?: () => number | undefined;
  /** Makes in the directory what is to become `local/`; returns its files, each path once. */
  readonly fill: (staging: string) => Promise<StagedFiles>;
  /** Called when everything is there, before it is written through to the disk. */
  readonly onFlush?: () => void;
}

export interface StagedFiles {
  /** Of the game that they are, for the list of what was installed. */
  readonly version: GameVersion;
  readonly files: readonly UnpackedFile[];
}

/**
 * Makes `local/` of what is put into `.local.installing/`, all or nothing: recorded, marked, flushed, and renamed when it is
 * complete. A failure before the rename leaves what was; after it the game is installed, and what could not be
 * cleaned up is a warning.
 *
 * @returns the files of `local/`.
 * @throws what `fill` and the signal say; PeerError `already-installed`, `already-exists` and others of the disk.
 */
export async function stageAndPromote(options: StagedInstallOptions): Promise<readonly UnpackedFile[]> {
  const { gameId, root, stateDir, signal, step, logger } = options;
  const cancellable = signal === undefined ? {} : { signal };
  let files: readonly UnpackedFile[];
  const intent = { operation: "installing", root, madeRoot: options.makeRoot !== undefined } as const;
  let [rootMade, made] = [false, false];
  try {
    await step("record-staging", () => writeIntent(stateDir, gameId, { ...intent, step: "staging" }));
    if (options.makeRoot !== undefined) {
      await options.makeRoot();
      rootMade = true;
    }
    const staged = await makeStaging({
      root,
      step,
      ...cancellable,
      fill: options.fill,
      onMade: () => {
        made = true;
      },
      beforeFlush: () => options.onFlush?.(),
    });
    files = staged.files;
    await step("record-promotion", () => writeIntent(stateDir, gameId, { ...intent, step: PROMOTING }));
    await step("write-list", async () => {
      await writeInstalledList(stateDir, gameId, { version: staged.version, files: [...files] });
      // Launch settings were applied to an earlier install.
      await removeDurably(stateDir.launchSettingsApplied(gameId));
    });
    await requirePromotable({ gameId, root, files, ...cancellable });
    await step("promote", () => promote(root));
  } catch (error) {
    await rollBack(options, { rootMade, stagingMade: made });
    throw await withSpaceFigures(error, { root, state: stateDir.root, needed: options.neededBytes?.() });
  }
  await tidy(logger, gameId, async () => {
    await flushDirectory(root);
    await step("unmark-local", () => unmark(join(root, LOCAL_NAME)));
    await step("clear-intent", () => clearIntent(stateDir, gameId));
  });
  return files;
}

/** Brings back what was before the install. What cannot be deleted now is deleted by the next recovery: the intent stays. */
async function rollBack(
  { gameId, root, stateDir, logger }: StagedInstallOptions,
  { rootMade, stagingMade }: { readonly rootMade: boolean; readonly stagingMade: boolean },
): Promise<void> {
  try {
    if (stagingMade) await deleteOwned(join(root, INSTALLING_NAME));
    await forgetInstalledList(stateDir, gameId);
    if (rootMade) await deleteRoot(root);
    await clearIntent(stateDir, gameId);
  } catch (error) {
    logger.warn("a failed install could not be cleaned up yet", { gameId, error });
  }
}
