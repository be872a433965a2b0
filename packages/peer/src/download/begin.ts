import { mkdir, rename } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { PieceLayout } from "@lanspread/proto";
import { errnoOf, fromNodeError } from "../errors/index.ts";
import type { Logger } from "../logger.ts";
import {
  flushDirectory,
  SENTINEL_DISCARDED_NAME,
  SENTINEL_NAME,
  SENTINEL_TEMPORARY_NAME,
  type StateDir,
} from "../storage/index.ts";
import { discardPartial } from "./discard.ts";
import { type Journal, openJournal, removeJournal } from "./journal.ts";
import type { JournalRecord } from "./journal-record.ts";
import { Payload } from "./payload.ts";
import type { Start } from "./prepare.ts";
import { removePayload } from "./remove-payload.ts";
import { look, removeFile } from "./safe-path.ts";
import type { DownloadStep, LaneDownload } from "./types.ts";

export interface BeginOptions {
  readonly start: Exclude<Start, { readonly kind: "discard" }>;
  /** Whether the old version is removed at once, because there is no room for both. */
  readonly oldMustGo: boolean;
  readonly stateDir: StateDir;
  readonly layout: PieceLayout;
  /** Null without lanes. */
  readonly lanes: LaneDownload | null;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  readonly onStep: (step: DownloadStep) => Promise<void> | void;
  /** Told the journal's record for which a cancellation has to answer; null where there is none any more. */
  readonly undoes: (record: JournalRecord | null) => void;
}

/** What a download works on between its begin and its commit. Its owner disposes of it. */
export interface Begun extends AsyncDisposable {
  readonly journal: Journal;
  readonly payload: Payload;
  /** Notes durably that bytes of the old version are about to change, once. */
  readonly touch: () => Promise<void>;
}

/**
 * Begins a download: the journal is written, the old sentinel set aside, the files are made, empty and at full size.
 * Where a new download cannot begin, everything is as it was before, but for an old version that had been touched.
 */
export async function begin(options: BeginOptions): Promise<Begun> {
  const { start, stateDir, lanes, logger, undoes } = options;
  const { gameId } = start.record;
  if (start.kind === "new") await removeJournal(stateDir, gameId);
  undoes(start.record);
  const begun = await openDownload(options);
  try {
    await change(options, begun);
    return begun;
  } catch (error) {
    await begun[Symbol.asyncDispose]();
    if (start.kind === "new") {
      // What lies at the paths of the other files was put there by somebody else in this very moment.
      const { record } = begun.journal;
      const files = record.files.filter(
        ({ old }, index) => begun.payload.made.has(index) || (old && record.touched),
      );
      const made = new Set(files);
      const notMade = record.files.filter((file) => !made.has(file)).map(({ path }) => path);
      undoes(null);
      await discardPartial(stateDir, { ...record, files }, { logger, lanes }, notMade).catch(
        (failure: unknown) =>
          logger.warn("what a download began with could not be removed", { gameId, error: failure }),
      );
    }
    throw error;
  }
}

async function openDownload(options: BeginOptions): Promise<Begun> {
  const { start, stateDir, layout, lanes, onStep, undoes } = options;
  const { record } = start;
  const journal = await openJournal(stateDir, record, start.pieces, start.kind === "resume");
  const touch = async (): Promise<void> => {
    if (journal.record.touched) return;
    await journal.touch();
    undoes(journal.record);
    await onStep("old-version-touched");
  };
  const payload = new Payload({
    root: record.root,
    layout,
    old: new Set(record.files.flatMap(({ old }, index) => (old ? [index] : []))),
    touched: record.touched,
    touch,
    lanes,
  });
  return {
    journal,
    payload,
    touch,
    [Symbol.asyncDispose]: async () => {
      await payload[Symbol.asyncDispose]();
      await journal[Symbol.asyncDispose]();
    },
  };
}

/** The first changes of the disk outside of the state directory. */
async function change(options: BeginOptions, { journal, payload, touch }: Begun): Promise<void> {
  const { start, oldMustGo, lanes, logger, signal, onStep, undoes } = options;
  const { record } = start;
  const { root } = record;
  await onStep("journal-written");
  await makeRoot(root);
  await removeFile(root, SENTINEL_TEMPORARY_NAME);
  if (start.kind === "new" && record.oldSentinel) await setSentinelAside(root);
  await flushDirectory(root);
  await onStep("sentinel-discarded");
  const first = oldMustGo ? record.oldFiles : start.inTheWay;
  if (first.length > 0) {
    await touch();
    const gone = first.map((path) => ({ path, size: null }));
    await removePayload(root, gone, { logger, lanes });
    await onStep("way-cleared");
    // Before anything is made in their place: from now on these paths are not the old version's any more.
    await journal.forget(first);
    undoes(journal.record);
  }
  if (oldMustGo) await payload.replaceOld();
  await payload.create(start.kind === "resume", signal);
}

async function makeRoot(root: string): Promise<void> {
  if ((await look(root)) !== null) return;
  try {
    await mkdir(root);
    await flushDirectory(dirname(root));
  } catch (error) {
    if (errnoOf(error) !== "EEXIST") throw fromNodeError(error, root);
  }
}

async function setSentinelAside(root: string): Promise<void> {
  const sentinel = join(root, SENTINEL_NAME);
  try {
    await rename(sentinel, join(root, SENTINEL_DISCARDED_NAME));
  } catch (error) {
    throw fromNodeError(error, sentinel);
  }
}
