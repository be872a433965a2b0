import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import type { GameId, GameVersion } from "@lanspread/proto";
import { fromNodeError, PeerError } from "../errors/index.ts";
import { readSentinel } from "../library/index.ts";
import { type Logger, silentLogger } from "../logger.ts";
import { flushDirectory, INSTALLING_NAME, isLocalName, LOCAL_NAME, type StateDir } from "../storage/index.ts";
import { DIRECTORY_MODE } from "./constants.ts";
import { fillStaging } from "./fill-staging.ts";
import { flushTree } from "./flush-tree.ts";
import { forgetInstalledList, writeInstalledList } from "./installed-list.ts";
import { clearIntent, removeDurably, writeIntent } from "./intent.ts";
import { inspectPayload, requireSpace } from "./payload.ts";
import { recoverInstall } from "./recover-install.ts";
import { requireStaged } from "./require-staged.ts";
import {
  deleteOwned,
  lstatIfThere,
  markOwned,
  renameInRoot,
  requireFreeName,
  unmark,
} from "./reserved-directory.ts";
import { createRunStep, type StepHook, tidy } from "./step.ts";
import type { UnpackedFile, Unpacker } from "./types.ts";

/** What an install does at the moment: looks, unpacks archives or copies files, writes everything through to the disk. */
export type InstallPhase = "checking" | "unpacking" | "copying" | "flushing";

export interface InstallProgress {
  readonly phase: InstallPhase;
  /** Bytes written. */
  readonly doneBytes: number;
  /** Bytes to be written; 0 while checking. */
  readonly totalBytes: number;
}

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

export interface InstallOptions {
  readonly gameId: GameId;
  /** Absolute path of the game root. */
  readonly root: string;
  readonly stateDir: StateDir;
  readonly unpacker: Unpacker;
  readonly signal?: AbortSignal;
  /** Called at the beginning of each entry or file, and every few MiB. */
  readonly onProgress?: (progress: InstallProgress) => void;
  readonly logger?: Logger;
  readonly onStep?: StepHook<InstallStep>;
}

export interface InstallResult {
  /** Files in `local/`. */
  readonly files: number;
  /** Their bytes. */
  readonly bytes: number;
}

/**
 * Installs a downloaded game: its archives, or where it has none its files, become `local/`. Nobody else may work on the
 * game meanwhile.
 *
 * Everything is made in `.local.installing/` and appears as `local/` by one rename. A failure or a cancellation before
 * that leaves what was; after it the game is installed, and what could not be cleaned up is a warning.
 *
 * @throws PeerError `not-downloaded`, `already-installed`, `already-exists` (something of the user's is at the reserved
 *   name), `disk-full`, the `archive-…` errors, `cancelled`, and others of the disk, naming the file.
 */
export async function installGame(options: InstallOptions): Promise<InstallResult> {
  const { gameId, root, stateDir, signal, onProgress, logger = silentLogger } = options;
  const step = createRunStep(options.onStep);
  try {
    signal?.throwIfAborted();
    onProgress?.({ phase: "checking", doneBytes: 0, totalBytes: 0 });
    const version = await requireInstallable(options, logger);
    const source = await inspectPayload({ ...options, logger });
    if (source.kind === "archives") await requireSpace(root, source.bytes);

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
      files = await step("fill-staging", () => fillStaging({ ...options, staging, source }));
      onProgress?.({ phase: "flushing", doneBytes: source.bytes, totalBytes: source.bytes });
      await step("flush-staging", () => flushTree(staging, signal));
      await step("record-promotion", () =>
        writeIntent(stateDir, gameId, { operation: "installing", step: "promoting", root }),
      );
      await step("write-list", async () => {
        await writeInstalledList(stateDir, gameId, { version, files: [...files] });
        // Launch settings were applied to an earlier install.
        await removeDurably(stateDir.launchSettingsApplied(gameId));
      });
      await requireStaged(staging, files, signal);
      signal?.throwIfAborted();
      // An install may take an hour: the user may have made one by hand meanwhile.
      await requireNoLocal(options);
      await step("promote", () => renameInRoot(root, INSTALLING_NAME, LOCAL_NAME));
    } catch (error) {
      await rollBack(options, made, logger);
      throw error;
    }
    await tidy(logger, gameId, async () => {
      await flushDirectory(root);
      await step("unmark-local", () => unmark(join(root, LOCAL_NAME)));
      await step("clear-intent", () => clearIntent(stateDir, gameId));
    });
    return { files: files.length, bytes: files.reduce((sum, { size }) => sum + size, 0) };
  } catch (error) {
    throw fromNodeError(error, root);
  }
}

/** @returns the version of the game. */
async function requireInstallable(options: InstallOptions, logger: Logger): Promise<GameVersion> {
  const { gameId, root, stateDir } = options;
  if ((await lstatIfThere(root))?.isDirectory() !== true) {
    throw new PeerError("not-downloaded", `${gameId} is not downloaded: ${root} is no directory`);
  }
  const sentinel = await readSentinel(root);
  if (sentinel.status !== "valid") {
    const why = sentinel.status === "invalid" ? sentinel.warning : `${root} has no version.ini`;
    throw new PeerError("not-downloaded", `${gameId} is not downloaded: ${why}`);
  }
  await recoverInstall({ gameId, root, stateDir, logger });
  await requireNoLocal(options);
  await requireFreeName(join(root, INSTALLING_NAME));
  return sentinel.version;
}

async function requireNoLocal({ gameId, root }: InstallOptions): Promise<void> {
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
  { gameId, root, stateDir }: InstallOptions,
  stagingMade: boolean,
  logger: Logger,
): Promise<void> {
  try {
    if (stagingMade) await deleteOwned(join(root, INSTALLING_NAME));
    await forgetInstalledList(stateDir, gameId);
    await clearIntent(stateDir, gameId);
  } catch (error) {
    logger.warn("a failed install could not be cleaned up yet", { gameId, error });
  }
}
