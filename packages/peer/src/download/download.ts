import { join, resolve } from "node:path";
import { DIGEST_BYTES, pieceLayout } from "@lanspread/proto";
import { PeerError, toPeerError } from "../errors/index.ts";
import { silentLogger } from "../logger.ts";
import { begin } from "./begin.ts";
import { commit } from "./commit.ts";
import { SAMPLE_INTERVAL_MS } from "./constants.ts";
import { discardPartial } from "./discard.ts";
import { discardUnfinished } from "./discard-unfinished.ts";
import { requireInPlace } from "./in-place.ts";
import type { JournalRecord } from "./journal-record.ts";
import { keepsPartial } from "./keeps-partial.ts";
import { prepare } from "./prepare.ts";
import { ProgressMeter } from "./progress.ts";
import { realGamesDir } from "./safe-path.ts";
import { checkSpace, withSpaceFigures } from "./space.ts";
import { Transfer } from "./transfer.ts";
import type { DownloadOptions, DownloadResult } from "./types.ts";
import { verifyResumed } from "./verify.ts";

const MIB = 1024 * 1024;

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
  const { gameId } = options;
  const signal = options.signal ?? new AbortController().signal;
  /** What a cancellation has to answer for: undefined before it began, null where it is too late, or undone already. */
  let undo: JournalRecord | null | undefined;
  try {
    signal.throwIfAborted();
    return await run(await withRealPaths(options), signal, (record) => {
      undo = record;
    });
  } catch (error) {
    if (!signal.aborted) throw toPeerError(error);
    if (keepsPartial(signal)) throw signal.reason;
    await discardCancelled(options, undo);
    throw signal.reason instanceof PeerError
      ? signal.reason
      : new PeerError("cancelled", `The download of ${gameId} was cancelled.`, { cause: signal.reason });
  }
}

/** Removes what there is of a cancelled download, whether it went on or only might have. */
async function discardCancelled(
  options: DownloadOptions,
  undo: JournalRecord | null | undefined,
): Promise<void> {
  if (undo === undefined) return await discardUnfinished(options);
  if (undo === null) return;
  const { stateDir, logger = silentLogger } = options;
  await using lanes = options.lanes?.open(undo.root) ?? null;
  await discardPartial(stateDir, undo, { logger, lanes });
}

/** The journal knows a root by one path, whatever link leads to the games directory. */
async function withRealPaths(options: DownloadOptions): Promise<DownloadOptions> {
  const { gameId, gamesDir, root, sources } = options;
  if (resolve(root) !== join(resolve(gamesDir), gameId)) {
    throw new RangeError(`${root} is not the root of ${gameId} in ${gamesDir}`);
  }
  if (sources.length === 0) throw new PeerError("no-peers-have-game", `No peer offers ${gameId}.`);
  const real = await realGamesDir(gamesDir);
  return { ...options, gamesDir: real, root: join(real, gameId) };
}

/** @param undoes told the journal's record for which a cancellation has to answer; null where there is none any more */
async function run(
  options: DownloadOptions,
  signal: AbortSignal,
  undoes: (record: JournalRecord | null) => void,
): Promise<DownloadResult> {
  const { manifest, digests, stateDir, root, gamesDir, gameId } = options;
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
    await using lanes = options.lanes?.open(root) ?? null;
    await discardPartial(stateDir, start.record, { logger, lanes });
    start = await prepare(options, layout, logger, signal);
    if (start.kind === "discard") throw new PeerError("internal", `${gameId}: the journal stays`);
  }
  const { pieces, record, kind } = start;
  const oldPaths = record.files.filter(({ old }) => old).map(({ path }) => path);
  const { oldMustGo } = await checkSpace({
    gameId,
    gamesDir,
    root,
    layout,
    done: pieces.done,
    resumes: kind === "resume",
    oldPaths: kind === "resume" ? [] : [...oldPaths, ...record.oldFiles],
    needBytesForInstall: options.needBytesForInstall ?? 0,
  });
  await stopServing();

  await using lanes = options.lanes?.open(root) ?? null;
  await using begun = await begin({
    start,
    oldMustGo,
    stateDir,
    layout,
    lanes,
    logger,
    signal,
    onStep,
    undoes,
  });
  const { journal, payload, touch } = begun;
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
    ...(options.joining === undefined ? {} : { joining: options.joining }),
    journal,
    payload,
    lanes,
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
  } catch (error) {
    throw await withSpaceFigures(error, { gamesDir, root, layout, done: flushed });
  } finally {
    clearInterval(sampler);
  }
  sample();
  await onStep("all-flushed");
  signal.throwIfAborted();
  const seen = await requireInPlace({
    journal,
    layout,
    payload,
    digests: ownDigests,
    stateDir,
    logger,
    lanes,
    signal,
    undoes,
  });
  // From here on it is too late to cancel.
  undoes(null);
  await commit({
    stateDir,
    record: journal.record,
    sentinel: payload.sentinel,
    logger,
    lanes,
    touch,
    onStep,
  });

  const elapsedMs = performance.now() - startedAt;
  const fetched = layout.totalBytes - doneBytes;
  return {
    bytes: layout.totalBytes,
    pieces: layout.pieceCount,
    retried: transfer.retried,
    elapsedMs: Math.round(elapsedMs),
    mibPerS: fetched / MIB / (elapsedMs / 1000),
    sources: transfer.bytesBySource,
    digests: ownDigests,
    seen,
    struckOut: transfer.struckOut,
  };
}
