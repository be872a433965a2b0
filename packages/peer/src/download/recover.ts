import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { GameId } from "@lanspread/proto";
import { isAbortError } from "../errors/index.ts";
import { readSentinel } from "../library/index.ts";
import { type Logger, silentLogger } from "../logger.ts";
import { gamesWithState, SENTINEL_TEMPORARY_NAME, type StateDir } from "../storage/index.ts";
import { finishCommit } from "./commit.ts";
import { discardPartial } from "./discard.ts";
import { readJournal, removeJournal } from "./journal.ts";
import { checkDirectories, look, realGamesDir, removeFile } from "./safe-path.ts";

export interface RecoverDownloadsOptions {
  readonly gamesDir: string;
  readonly stateDir: StateDir;
  /** Whether an operation is active on a game: then it is left alone. */
  readonly isBusy: (id: GameId) => boolean;
  readonly logger?: Logger;
  readonly signal?: AbortSignal;
}

/** What was done about an interrupted download. */
export type DownloadRecovery =
  /** The partial files stay: the next download of the same content goes on. */
  | "kept"
  /** The download had ended but for its traces, or had not begun: these are removed. */
  | "finished"
  /** Nothing had come: the old version is there again. */
  | "restored"
  /** It was being discarded, as by a cancel: what it had made is gone. */
  | "discarded"
  /** The game's folder is gone. */
  | "forgotten"
  /** The journal cannot be read: what is there may be anybody's, and stays. */
  | "damaged"
  /** The journal is about another games directory, or one that is empty now, which may come back. */
  | "elsewhere";

export interface RecoveredDownload {
  readonly gameId: GameId;
  readonly outcome: DownloadRecovery;
}

/**
 * Settles the downloads that a killed process or a power cut interrupted. Called before anything in
 * the games directory is looked at: at the start, and whenever one comes that was not there. A game whose recovery fails is logged and left
 * as it is.
 */
export async function recoverDownloads(options: RecoverDownloadsOptions): Promise<RecoveredDownload[]> {
  const { gamesDir, stateDir, isBusy, logger = silentLogger, signal } = options;
  const recovered: RecoveredDownload[] = [];
  // A drive that is not plugged in is no reason to forget what is on it.
  const real = await realGamesDir(gamesDir).catch((error: unknown) => {
    logger.warn("interrupted downloads stay as they are", { gamesDir, error });
    return null;
  });
  if (real === null) return recovered;
  for (const gameId of await gamesWithState(stateDir)) {
    signal?.throwIfAborted();
    if (isBusy(gameId)) continue;
    try {
      const outcome = await recoverGame(real, stateDir, gameId, logger);
      if (outcome === null) continue;
      logger.info("an interrupted download was looked at", { gameId, outcome });
      recovered.push({ gameId, outcome });
    } catch (error) {
      if (isAbortError(error)) throw error;
      logger.warn("an interrupted download could not be recovered", { gameId, error });
    }
  }
  return recovered;
}

async function recoverGame(
  gamesDir: string,
  stateDir: StateDir,
  gameId: GameId,
  logger: Logger,
): Promise<DownloadRecovery | null> {
  const journal = await readJournal(stateDir, gameId);
  if (journal.status === "missing") return null;
  if (journal.status === "damaged") {
    logger.warn("the journal of an interrupted download is damaged: its files stay", {
      gameId,
      reason: journal.reason,
    });
    await removeJournal(stateDir, gameId);
    return "damaged";
  }
  const { record, pieces, isDiscarded } = journal;
  const root = join(gamesDir, gameId);
  if (record.root !== root) return "elsewhere";
  if ((await look(root)) === null) {
    // An empty games directory may be where a drive belongs that is not plugged in.
    if ((await readdir(gamesDir)).length === 0) return "elsewhere";
    await removeJournal(stateDir, gameId);
    return "forgotten";
  }
  await checkDirectories(root, SENTINEL_TEMPORARY_NAME);
  await removeFile(root, SENTINEL_TEMPORARY_NAME);
  // A sentinel is renamed away before anything else happens, and comes back last.
  if ((await readSentinel(root)).status === "valid") {
    await finishCommit(stateDir, record);
    return "finished";
  }
  const nothingCame = pieces.begun.length === 0 && !pieces.done.includes(1);
  if (record.oldSentinel && !record.touched && nothingCame) {
    await discardPartial(stateDir, record, { logger, lanes: null });
    return "restored";
  }
  if (isDiscarded) {
    await discardPartial(stateDir, record, { logger, lanes: null });
    return "discarded";
  }
  return "kept";
}
