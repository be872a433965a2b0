import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import type { GameId, GameVersion } from "@lanspread/proto";
import { fromNodeError, PeerError } from "../errors/index.ts";
import type { Logger } from "../logger.ts";
import { flushDirectory, INSTALLING_NAME, isLocalName, LOCAL_NAME, type StateDir } from "../storage/index.ts";
import { DIRECTORY_MODE } from "./constants.ts";
import { flushTree } from "./flush-tree.ts";
import { forgetInstalledList, writeInstalledList } from "./installed-list.ts";
import { clearIntent, removeDurably, writeIntent } from "./intent.ts";
import { requireStaged } from "./require-staged.ts";
import { deleteOwned, markOwned, renameInRoot, unmark } from "./reserved-directory.ts";
import { type RunStep, tidy } from "./step.ts";
import type { UnpackedFile } from "./types.ts";

/** The steps of an install, in their order. The last two come after the point of no return. */
export type InstallStep =
  | "record-staging"
  | "make-staging"
  | "mark-staging"
  | "fill-staging"
  | "flush-staging"
  | "record-promotion"
  | "write-list"
  | "promote"
  | "unmark-local"
  | "clear-intent";

export interface StagedInstallOptions {
  readonly gameId: GameId;
  /** Absolute path of the game root: a directory without `local/` and with nothing at the reserved names. */
  readonly root: string;
  readonly stateDir: StateDir;
  readonly logger: Logger;
  readonly signal?: AbortSignal;
  readonly step: RunStep<InstallStep>;
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
  const staging = join(root, INSTALLING_NAME);
  let files: readonly UnpackedFile[];
  let made = false;
  try {
    await step("record-staging", () =>
      writeIntent(stateDir, gameId, { operation: "installing", step: "staging", root }),
    );
    await step("make-staging", () => makeDirectory(staging));
    made = true;
    await step("mark-staging", () => markOwned(staging, "installing"));
    const staged = await step("fill-staging", () => options.fill(staging));
    files = staged.files;
    options.onFlush?.();
    await step("flush-staging", () => flushTree(staging, signal));
    await step("record-promotion", () =>
      writeIntent(stateDir, gameId, { operation: "installing", step: "promoting", root }),
    );
    await step("write-list", async () => {
      await writeInstalledList(stateDir, gameId, { version: staged.version, files: [...files] });
      // Launch settings were applied to an earlier install.
      await removeDurably(stateDir.launchSettingsApplied(gameId));
    });
    await requireStaged(staging, files, signal);
    signal?.throwIfAborted();
    // An install may take an hour: the user may have made one by hand meanwhile.
    await requireNoLocal(gameId, root);
    await step("promote", () => renameInRoot(root, INSTALLING_NAME, LOCAL_NAME));
  } catch (error) {
    await rollBack(options, made);
    throw error;
  }
  await tidy(logger, gameId, async () => {
    await flushDirectory(root);
    await step("unmark-local", () => unmark(join(root, LOCAL_NAME)));
    await step("clear-intent", () => clearIntent(stateDir, gameId));
  });
  return files;
}

/** @throws PeerError `already-installed` */
export async function requireNoLocal(gameId: GameId, root: string): Promise<void> {
  const local = (await readdir(root)).find(isLocalName);
  if (local === undefined) return;
  throw new PeerError("already-installed", `${gameId} is installed already: ${join(root, local)}`);
}

async function makeDirectory(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: DIRECTORY_MODE });
  } catch (error) {
    throw fromNodeError(error, path);
  }
}

/** Brings back what was before the install. What cannot be deleted now is deleted by the next recovery: the intent stays. */
async function rollBack(
  { gameId, root, stateDir, logger }: StagedInstallOptions,
  stagingMade: boolean,
): Promise<void> {
  try {
    if (stagingMade) await deleteOwned(join(root, INSTALLING_NAME));
    await forgetInstalledList(stateDir, gameId);
    await clearIntent(stateDir, gameId);
  } catch (error) {
    logger.warn("a failed install could not be cleaned up yet", { gameId, error });
  }
}
