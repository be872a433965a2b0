import { mkdir, rename } from "node:fs/promises";
import { dirname, join } from "node:path";
import { DIGEST_BYTES, pieceLayout } from "@lanspread/proto";
import { errnoOf, fromNodeError, PeerError, toPeerError } from "../errors/index.ts";
import { silentLogger } from "../logger.ts";
import {
  flushDirectory,
  SENTINEL_DISCARDED_NAME,
  SENTINEL_NAME,
  SENTINEL_TEMPORARY_NAME,
} from "../storage/index.ts";
import { commit } from "./commit.ts";
import { SAMPLE_INTERVAL_MS } from "./constants.ts";
import { discardPartial, removePayload } from "./discard.ts";
import { type Journal, openJournal, removeJournal } from "./journal.ts";
import type { JournalRecord } from "./journal-record.ts";
import { Payload } from "./payload.ts";
import { prepare, type Start } from "./prepare.ts";
import { ProgressMeter } from "./progress.ts";
import { look, removeFile } from "./safe-path.ts";
import { checkSpace } from "./space.ts";
import { keepsPartial, Transfer } from "./transfer.ts";
import type { DownloadOptions, DownloadResult } from "./types.ts";
import { verifyResumed } from "./verify.ts";

const MIB = 1024 * 1024;

type Begin = Exclude<Start, { readonly kind: "discard" }>;

/**
 * Downloads a game into its root, verified piece by piece, and commits it by its sentinel. An interrupted download of the
 * same content goes on where it was.
 *
 * The caller owns the game's operation slot until this has ended; nothing is under way any more then.
 *
 * @throws PeerError
 *   - `disk-full` with both numbers, before anything is written, and when the disk fills up meanwhile;
 *   - `already-exists`, `forbidden-path`, `not-a-directory`, `no-permission` …, naming the file;
 *   - `verification`, naming file, piece and peer; `peers-gone`: what was fetched is kept;
 *   - `shutting-down` where that is the signal's reason: what was fetched is kept and noted;
 *   - `cancelled` for every other reason of the signal: what was fetched is removed.
 */
export async function downloadGame(options: DownloadOptions): Promise<DownloadResult> {
  const { gameId, stateDir, logger = silentLogger } = options;
  const signal = options.signal ?? new AbortController().signal;
  let undo: JournalRecord | null = null;
  try {
    return await run(options, signal, (record) => {
      undo = record;
    });
  } catch (error) {
    if (!signal.aborted) throw toPeerError(error);
    if (keepsPartial(signal)) throw signal.reason;
    if (undo !== null) await discardPartial(stateDir, undo, logger);
    throw signal.reason instanceof PeerError
      ? signal.reason
      : new PeerError("cancelled", `The download of ${gameId} was cancelled.`, { cause: signal.reason });
  }
}

/** @param undoes told the journal's record for which a cancellation has to answer; null where there is none any more */
async function run(
  options: DownloadOptions,
  signal: AbortSignal,
  undoes: (record: JournalRecord | null) => void,
): Promise<DownloadResult> {
  const { manifest, digests, stateDir, root, gameId } = options;
  const { logger = silentLogger, onStep = () => {} } = options;
  const startedAt = performance.now();
  const layout = pieceLayout(manifest);
  let served = true;
  const stopServing = async (): Promise<void> => {
    if (served) await options.beforeTouch?.();
    served = false;
    signal.throwIfAborted();
  };
  let start = await prepare(options, layout, logger, signal);
  if (start.kind === "discard") {
    await stopServing();
    await discardPartial(stateDir, start.record, logger);
    start = await prepare(options, layout, logger, signal);
    if (start.kind === "discard") throw new PeerError("internal", `${gameId}: the journal stays`);
  }
  const { pieces, record } = start;
  const resumes = start.kind === "resume";
  const oldPaths = record.files.filter(({ old }) => old).map(({ path }) => path);
  const { oldMustGo } = await checkSpace({
    gameId,
    gamesDir: options.gamesDir,
    root,
    layout,
    done: pieces.done,
    resumes,
    oldPaths: resumes ? [] : [...oldPaths, ...record.oldFiles],
    needBytesForInstall: options.needBytesForInstall ?? 0,
  });
  await stopServing();

  undoes(record);
  await using journal = await begin(start, options);
  const touch = async (): Promise<void> => {
    if (journal.record.touched) return;
    await journal.touch();
    undoes(journal.record);
    await onStep("old-version-touched");
  };
  await using payload = new Payload({
    root,
    layout,
    old: new Set(record.files.flatMap(({ old }, index) => (old ? [index] : []))),
    touched: record.touched,
    touch,
  });
  try {
    const first = oldMustGo ? record.oldFiles : start.inTheWay;
    if (first.length > 0) {
      await touch();
      await removePayload(root, first, logger);
      await onStep("way-cleared");
      // Before anything is made in their place: from now on these paths are not the old version's any more.
      await journal.forget(first);
      undoes(journal.record);
    }
    if (oldMustGo) await payload.replaceOld();
    await payload.create(resumes, signal);
  } catch (error) {
    // What is there of the other files was put there by somebody else in this very moment.
    const files = record.files.filter((_, index) => payload.made.has(index));
    if (!resumes) await discardPartial(stateDir, { ...journal.record, files }, logger);
    if (!resumes) undoes(null);
    throw error;
  }
  await onStep("files-created");
  const ownDigests = new Uint8Array(layout.pieceCount * DIGEST_BYTES);
  const flushed = await verifyResumed({ layout, payload, pieces, digests, ownDigests, signal });
  await journal.note(flushed, []);
  options.onBegin?.({ totalBytes: layout.totalBytes, pieces: layout.pieceCount });

  const doneBytes = flushed.reduce((sum, done, piece) => sum + (done && layout.pieceAt(piece).length), 0);
  const meter = new ProgressMeter(layout.totalBytes, doneBytes, performance.now());
  const transfer = new Transfer({
    manifest,
    layout,
    digests,
    ownDigests,
    flushed,
    sources: options.sources,
    journal,
    payload,
    meter,
    signal,
    logger,
    ...(options.noProgressMs === undefined ? {} : { noProgressMs: options.noProgressMs }),
    onChunk: (chunk) => options.onChunk?.(chunk),
    onStep,
  });
  const sample = (): void => options.onProgress?.(meter.sample(performance.now(), transfer.busySources));
  sample();
  const sampler = setInterval(sample, SAMPLE_INTERVAL_MS);
  try {
    await transfer.run();
  } finally {
    clearInterval(sampler);
  }
  sample();
  await onStep("all-flushed");
  signal.throwIfAborted();
  // From here on it is too late to cancel.
  undoes(null);
  await commit({ stateDir, record: journal.record, sentinel: payload.sentinel, logger, touch, onStep });

  const elapsedMs = performance.now() - startedAt;
  const fetched = layout.totalBytes - doneBytes;
  return {
    bytes: layout.totalBytes,
    pieces: layout.pieceCount,
    retried: transfer.retried,
    elapsedMs,
    mibPerS: fetched / MIB / (elapsedMs / 1000),
    sources: transfer.bytesBySource,
    digests: ownDigests,
    struckOut: transfer.struckOut,
  };
}

/** Writes the journal, and then the first changes: the root is there, the old sentinel is set aside. */
async function begin(start: Begin, { stateDir, root, onStep = () => {} }: DownloadOptions): Promise<Journal> {
  const { record } = start;
  if (start.kind === "new") await removeJournal(stateDir, record.gameId);
  const journal = await openJournal(stateDir, record, start.pieces, start.kind === "resume");
  try {
    await onStep("journal-written");
    await makeRoot(root);
    await removeFile(root, SENTINEL_TEMPORARY_NAME);
    if (start.kind === "new" && record.oldSentinel) await setSentinelAside(root);
    await flushDirectory(root);
    await onStep("sentinel-discarded");
    return journal;
  } catch (error) {
    await journal[Symbol.asyncDispose]();
    throw error;
  }
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
