import { join } from "node:path";
import type { GameId } from "@lanspread/proto";
import { readSentinel } from "../library/index.ts";
import { type Logger, silentLogger } from "../logger.ts";
import { SENTINEL_NAME, type StateDir } from "../storage/index.ts";
import { discardPartial } from "./discard.ts";
import { readJournal } from "./journal.ts";
import { checkDirectories, look, realGamesDir } from "./safe-path.ts";
import type { DownloadLanes } from "./types.ts";

export interface DiscardUnfinishedOptions {
  readonly gameId: GameId;
  readonly gamesDir: string;
  readonly stateDir: StateDir;
  /** What removes the files past the own thread. Default: this thread alone. */
  readonly lanes?: DownloadLanes;
  readonly logger?: Logger;
}

/**
 * Removes what an unfinished download has left of a game, and forgets it: for who cancels one before it went on. Nothing happens where
 * the journal names no such download of this very root, where it cannot be read, or where a `version.ini` is there.
 *
 * The caller owns the game's operation slot. Killed meanwhile, it leaves a journal that says how far nothing counts as done.
 *
 * @throws PeerError of the file system, naming the file
 */
export async function discardUnfinished(options: DiscardUnfinishedOptions): Promise<void> {
  const { gameId, stateDir, logger = silentLogger } = options;
  const journal = await readJournal(stateDir, gameId);
  if (journal.status !== "found") return;
  const root = join(await realGamesDir(options.gamesDir), gameId);
  // Of a root that is not there nobody can say whether it comes back.
  if (journal.record.root !== root || (await look(root)) === null) return;
  await checkDirectories(root, SENTINEL_NAME);
  if ((await readSentinel(root)).status !== "missing") return;
  await using lanes = options.lanes?.open(root) ?? null;
  await discardPartial(stateDir, journal.record, { logger, lanes });
}
