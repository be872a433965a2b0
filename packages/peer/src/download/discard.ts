import { rename } from "node:fs/promises";
import { join } from "node:path";
import { fromNodeError } from "../errors/index.ts";
import { mapLimited } from "../library/map-limited.ts";
import type { Logger } from "../logger.ts";
import {
  flushDirectory,
  SENTINEL_DISCARDED_NAME,
  SENTINEL_NAME,
  SENTINEL_TEMPORARY_NAME,
  type StateDir,
} from "../storage/index.ts";
import { FILES_AT_ONCE } from "./constants.ts";
import { removeJournal, removePieces } from "./journal.ts";
import type { JournalFile, JournalRecord } from "./journal-record.ts";
import { look, removeEmptyDirectories, removeEmptyDirectory, removeFile } from "./safe-path.ts";

/**
 * Removes what a download made that will not go on, and forgets it. Everything that the journal does not name stays.
 *
 * Where no byte of the old version was touched, the old version is there again afterwards. Else what is left of it goes
 * too: it is of no use to anybody. An empty root is removed.
 *
 * @param notMade paths of which at most the directories were made
 */
export async function discardPartial(
  stateDir: StateDir,
  record: JournalRecord,
  logger: Logger,
  notMade: readonly string[] = [],
): Promise<void> {
  const { root, gameId } = record;
  // First: should this be interrupted, nothing counts as done whose bytes are gone.
  await removePieces(stateDir, gameId);
  if ((await look(root)) !== null) {
    const untouched = record.oldSentinel && !record.touched;
    const payload = record.files.filter(({ path, old }) => path !== SENTINEL_NAME && !(untouched && old));
    const paths = await ownPaths(root, payload, logger);
    if (!untouched) paths.push(...record.oldFiles);
    await removePayload(root, paths, logger);
    await removeEmptyDirectories(root, notMade);
    await removeFile(root, SENTINEL_TEMPORARY_NAME);
    if (untouched) await restoreSentinel(root);
    else await removeFile(root, SENTINEL_DISCARDED_NAME);
    await flushDirectory(root);
    await removeEmptyDirectory(root);
  }
  await removeJournal(stateDir, gameId);
}

/**
 * The files that the download made: each has its full size, or none in the moment of its making. A file of another size
 * was put there by somebody else. What the old version had may have any size.
 */
async function ownPaths(root: string, files: readonly JournalFile[], logger: Logger): Promise<string[]> {
  const paths: string[] = [];
  await mapLimited(files, FILES_AT_ONCE, async ({ path, size, old }) => {
    const absolute = join(root, path);
    const stats = old ? null : await look(absolute);
    if (stats === null || stats.size === size || stats.size === 0) paths.push(path);
    else
      logger.warn("a file of an unfinished download was replaced by another one, which stays", {
        path: absolute,
      });
  });
  return paths;
}

/** Removes files of a download or of an old version, and the directories that are empty then. */
export async function removePayload(root: string, paths: readonly string[], logger: Logger): Promise<void> {
  const known = new Set<string>();
  await mapLimited(paths, FILES_AT_ONCE, async (path) => {
    if (!(await removeFile(root, path, known))) {
      logger.warn("what is at the path of a file of the game is no file, and stays", {
        path: join(root, path),
      });
    }
  });
  await removeEmptyDirectories(root, paths);
}

/** The old sentinel comes back, unless there is one. */
async function restoreSentinel(root: string): Promise<void> {
  const [discarded, sentinel] = [join(root, SENTINEL_DISCARDED_NAME), join(root, SENTINEL_NAME)];
  if ((await look(sentinel)) !== null || (await look(discarded))?.isFile() !== true) return;
  try {
    await rename(discarded, sentinel);
  } catch (error) {
    throw fromNodeError(error, discarded);
  }
}
