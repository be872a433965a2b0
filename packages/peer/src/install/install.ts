import { join } from "node:path";
import type { GameId, GameVersion } from "@lanspread/proto";
import { fromNodeError } from "../errors/index.ts";
import { type Logger, silentLogger } from "../logger.ts";
import { INSTALLING_NAME, type StateDir } from "../storage/index.ts";
import { fillStaging } from "./fill-staging.ts";
import { inspectPayload } from "./payload.ts";
import { recoverInstall } from "./recover-install.ts";
import { requireDownloaded } from "./require-downloaded.ts";
import { requireFreeName } from "./reserved-directory.ts";
import { requireSpace } from "./space.ts";
import { type InstallStep, stageAndPromote } from "./stage-and-promote.ts";
import { requireNoLocal } from "./staging.ts";
import { createRunStep, type StepHook } from "./step.ts";
import type { Unpacker } from "./types.ts";

/**
 * What an install or update does at the moment: looks, unpacks archives or copies files, carries over what is the user's,
 * writes everything through to the disk.
 */
export type InstallPhase = "checking" | "unpacking" | "copying" | "carrying" | "flushing";

export interface InstallProgress {
  readonly phase: InstallPhase;
  /** Bytes written. */
  readonly doneBytes: number;
  /** Bytes to be written; 0 while checking. */
  readonly totalBytes: number;
}

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
 *   name), `disk-full` with both numbers, the `archive-…` errors, `cancelled`, and others of the disk, naming the file.
 */
export async function installGame(options: InstallOptions): Promise<InstallResult> {
  const { gameId, root, stateDir, signal, onProgress, logger = silentLogger } = options;
  try {
    signal?.throwIfAborted();
    onProgress?.({ phase: "checking", doneBytes: 0, totalBytes: 0 });
    const version = await requireInstallable(options, logger);
    const source = await inspectPayload({ ...options, logger });
    if (source.kind === "archives") await requireSpace(root, source.bytes);
    const files = await stageAndPromote({
      gameId,
      root,
      stateDir,
      logger,
      ...(signal === undefined ? {} : { signal }),
      step: createRunStep(options.onStep),
      neededBytes: () => source.bytes,
      fill: async (staging) => ({ version, files: await fillStaging({ ...options, staging, source }) }),
      onFlush: () => onProgress?.({ phase: "flushing", doneBytes: source.bytes, totalBytes: source.bytes }),
    });
    return { files: files.length, bytes: files.reduce((sum, { size }) => sum + size, 0) };
  } catch (error) {
    throw fromNodeError(error, root);
  }
}

/** @returns the version of the game. */
async function requireInstallable(options: InstallOptions, logger: Logger): Promise<GameVersion> {
  const { gameId, root, stateDir } = options;
  const version = await requireDownloaded(gameId, root);
  await recoverInstall({ gameId, root, stateDir, logger });
  await requireNoLocal(gameId, root);
  await requireFreeName(join(root, INSTALLING_NAME));
  return version;
}
