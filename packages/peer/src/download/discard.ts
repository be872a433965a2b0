import { rename } from "node:fs/promises";
import { join } from "node:path";
import { fromNodeError } from "../errors/index.ts";
import {
  flushDirectory,
  SENTINEL_DISCARDED_NAME,
  SENTINEL_NAME,
  SENTINEL_TEMPORARY_NAME,
  type StateDir,
} from "../storage/index.ts";
import { removeJournal, removePieces } from "./journal.ts";
import type { JournalRecord } from "./journal-record.ts";
import { type Removers, removePayload } from "./remove-payload.ts";
import { look, removeEmptyDirectories, removeEmptyDirectory, removeFile } from "./safe-path.ts";

/**
 * Removes what a download made that will not go on, and forgets it. Everything that the journal does not name stays.
 *
 * Where no byte of the old version was touched, the old version is there again afterwards. Else what is left of it goes
 * too: it is of no use to anybody. An empty root is removed.
 *
 * A file that the download made has its full size, or none in the moment of its making. One of another size was put there by
 * somebody else. What the old version had may have any size.
 *
 * @param notMade paths of which at most the directories were made
 */
export async function discardPartial(
  stateDir: StateDir,
  record: JournalRecord,
  removers: Removers,
  notMade: readonly string[] = [],
): Promise<void> {
  const { root, gameId } = record;
  // First: should this be interrupted, nothing counts as done whose bytes are gone.
  await removePieces(stateDir, gameId);
  if ((await look(root)) !== null) {
    const untouched = record.oldSentinel && !record.touched;
    const payload = record.files.filter(({ path, old }) => path !== SENTINEL_NAME && !(untouched && old));
    const files = payload.map(({ path, size, old }) => ({ path, size: old ? null : size }));
    const oldFiles = untouched ? [] : record.oldFiles.map((path) => ({ path, size: null }));
    await removePayload(root, [...files, ...oldFiles], removers);
    await removeEmptyDirectories(root, notMade);
    await removeFile(root, SENTINEL_TEMPORARY_NAME);
    if (untouched) await restoreSentinel(root);
    else await removeFile(root, SENTINEL_DISCARDED_NAME);
    await flushDirectory(root);
    await removeEmptyDirectory(root);
  }
  await removeJournal(stateDir, gameId);
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
