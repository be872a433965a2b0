import type { GameId, RuntimeEvent } from "@lanspread/proto";
import { fetchManifest } from "../../download/index.ts";
import { PeerError, reasonOf } from "../../errors/index.ts";
import {
  alreadyDownloaded,
  type StreamInstallProgress,
  type StreamSource,
  streamInstallGame,
} from "../../stream-install/receive/index.ts";
import { STREAM_PROGRESS_MS } from "../constants.ts";
import { localGame, type RuntimeContext, requireGamesDir, requireInCatalog, rootOf } from "../context.ts";
import { beginOperation, type OperationFrame } from "../run-operation.ts";
import { requireFree } from "./install.ts";
import { installTeller } from "./report-install.ts";

const MIB = 1024 * 1024;

/** `stream-install-game`: installs a game from the archives of others, which are not stored here. */
export function streamInstallCommand(context: RuntimeContext, gameId: GameId): void {
  requireInCatalog(context, gameId);
  requireGamesDir(context);
  requireFree(context, gameId);
  const game = localGame(context, gameId);
  if (game?.installed === true) {
    throw new PeerError("already-installed", `${gameId} is installed already.`);
  }
  if (game?.downloaded === true) throw alreadyDownloaded(gameId);
  if (context.mesh.candidates(gameId).length === 0) throw nobody(gameId);
  beginOperation(context, {
    gameId,
    kind: "stream-installing",
    work: (frame) => work(context, gameId, frame),
    failed: (error) =>
      error.code === "cancelled"
        ? { type: "download-cancelled", gameId }
        : { type: "stream-install-failed", gameId, ...reasonOf(error) },
  });
}

async function work(
  context: RuntimeContext,
  gameId: GameId,
  { signal }: OperationFrame,
): Promise<RuntimeEvent> {
  const { bus, mesh, catalog, stateDir } = context;
  const logger = context.logger.child("stream-install");
  using _ = await context.streamPlaces.acquire("streams", { signal });
  const begun = performance.now();
  const candidates = mesh.candidates(gameId);
  if (candidates.length === 0) throw nobody(gameId);
  const pinned = catalog.entry(gameId)?.content_id;
  const { manifest, digests, sources } = await fetchManifest({
    gameId,
    candidates,
    ...(pinned === undefined ? {} : { pinnedContentId: pinned }),
    signal,
    logger,
  });
  bus.emit({ type: "got-game-files", gameId, manifest, sources: sources.map(({ peerId }) => peerId) });
  const chosen = new Set(sources.map(({ peerId }) => peerId));
  using progress = reportProgress(context, gameId);
  const result = await context.activity.during(() =>
    streamInstallGame({
      gameId,
      root: rootOf(context, gameId),
      stateDir,
      manifest,
      digests,
      sources: shuffled(candidates.filter(({ peerId }) => chosen.has(peerId))),
      signal,
      logger,
      onProgress: progress.take,
    }),
  );
  const { files, bytes, peerId, failed } = result;
  const elapsedMs = performance.now() - begun;
  return {
    type: "stream-install-finished",
    gameId,
    files,
    bytes,
    retried: failed.length,
    elapsedMs: Math.round(elapsedMs),
    mibPerS: bytes / MIB / (elapsedMs / 1000),
    sources: { [peerId]: bytes },
    ...(failed.length === 0 ? {} : { struckOut: failed }),
  };
}

/** Those who want a game at the same moment ask different sources first. */
function shuffled(sources: readonly StreamSource[]): readonly StreamSource[] {
  return sources
    .map((source) => ({ source, at: Math.random() }))
    .sort((one, other) => one.at - other.at)
    .map(({ source }) => source);
}

interface ProgressReport extends Disposable {
  readonly take: (progress: StreamInstallProgress) => void;
}

/** Tells how far it is when a phase or a source begins, and every so often. */
function reportProgress(context: RuntimeContext, gameId: GameId): ProgressReport {
  const report = installTeller(context, gameId);
  let last: StreamInstallProgress | null = null;
  let told: StreamInstallProgress | null = null;
  const tell = (): void => {
    if (last === null || last === told) return;
    told = last;
    report(last);
  };
  const timer = setInterval(tell, STREAM_PROGRESS_MS);
  return {
    take: (progress) => {
      const anew = last?.phase !== progress.phase || progress.doneBytes < last.doneBytes;
      last = progress;
      if (anew) tell();
    },
    [Symbol.dispose]: () => clearInterval(timer),
  };
}

function nobody(gameId: GameId): PeerError {
  return new PeerError("no-peers-have-game", `No peer has ${gameId}.`);
}
