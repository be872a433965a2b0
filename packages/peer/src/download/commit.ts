import { join } from "node:path";
import {
  flushDirectory,
  SENTINEL_DISCARDED_NAME,
  SENTINEL_NAME,
  type StateDir,
  writeFileDurably,
} from "../storage/index.ts";
import { removeJournal } from "./journal.ts";
import type { JournalRecord } from "./journal-record.ts";
import { type Removers, removePayload } from "./remove-payload.ts";
import { checkDirectories, removeFile } from "./safe-path.ts";
import type { DownloadStep } from "./types.ts";

export interface CommitOptions extends Removers {
  readonly stateDir: StateDir;
  readonly record: JournalRecord;
  /** The bytes of `version.ini`, verified. */
  readonly sentinel: Uint8Array;
  /** Notes durably that bytes of the old version are about to go. */
  readonly touch: () => Promise<void>;
  readonly onStep: (step: DownloadStep) => Promise<void> | void;
}

/**
 * Makes a download of which every byte is flushed and noted the game: files of the old version that the new one lacks go,
 * the sentinel comes by a rename, then the traces are removed. From the rename on the game is downloaded.
 */
export async function commit(options: CommitOptions): Promise<void> {
  const { stateDir, record, sentinel, onStep } = options;
  const { root } = record;
  if (record.oldFiles.length > 0) {
    await options.touch();
    await removePayload(
      root,
      record.oldFiles.map((path) => ({ path, size: null })),
      options,
    );
  }
  await onStep("old-files-removed");
  await checkDirectories(root, SENTINEL_NAME);
  await writeFileDurably(join(root, SENTINEL_NAME), sentinel);
  await onStep("sentinel-written");
  await finishCommit(stateDir, record, onStep);
}

/** The part of a commit behind the rename; it can be done again. */
export async function finishCommit(
  stateDir: StateDir,
  { root, gameId }: Pick<JournalRecord, "root" | "gameId">,
  onStep: CommitOptions["onStep"] = () => {},
): Promise<void> {
  await removeFile(root, SENTINEL_DISCARDED_NAME);
  await flushDirectory(root);
  await onStep("discarded-removed");
  await removeJournal(stateDir, gameId);
  await onStep("journal-removed");
}
