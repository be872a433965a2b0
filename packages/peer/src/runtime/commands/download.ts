import type {
  GameId,
  LocalGame,
  Manifest,
  OperationKind,
  PeerId,
  RuntimeEvent,
  TransferTotals,
} from "@lanspread/proto";
import {
  type DiscardUnfinishedOptions,
  discardUnfinished,
  downloadGame,
  fetchManifest,
  type SourceJoins,
} from "../../download/index.ts";
import { PeerError, reasonOf } from "../../errors/index.ts";
import { isInstalled, readInstalledList, recoverGame } from "../../install/index.ts";
import { localGame, type RuntimeContext, requireGamesDir, requireInCatalog, rootOf } from "../context.ts";
import { beginOperation, type OperationFrame } from "../run-operation.ts";
import { install, installFailed, requireFree, update } from "./install.ts";
import { installAfterDownload } from "./install-after-download.ts";

export interface DownloadOptions {
  /** Installs the game in the same slot when it is downloaded; one that is installed is brought to that version. */
  readonly install: boolean;
  /** Fetches from the others even if a copy is here. */
  readonly latest: boolean;
}

/** `download-game-files`: fetches a game from the peers that have it. */
export function downloadCommand(context: RuntimeContext, gameId: GameId, options: DownloadOptions): void {
  requireInCatalog(context, gameId);
  requireGamesDir(context);
  requireFree(context, gameId);
  beginOperation(context, {
    gameId,
    kind: "downloading",
    work: (frame) => work(context, gameId, options, frame),
    failed: (error, kind) => endEvent(gameId, error, kind),
    // What came before it may be cancelled before it goes on.
    cancelled: () => discardUnfinished(unfinished(context, gameId)),
  });
}

function unfinished(
  { library, stateDir, lanes, logger }: RuntimeContext,
  gameId: GameId,
): DiscardUnfinishedOptions {
  const { gamesDir } = library.state();
  return { gameId, gamesDir, stateDir, lanes, logger: logger.child("download") };
}

/** `cancel-download`. Also ends an install or update that follows a download in its slot, and a streamed install. */
export function cancelCommand(context: RuntimeContext, gameId: GameId): void {
  const operation = context.operations.get(gameId);
  if (operation === undefined || !CANCELLABLE.has(operation.kind)) {
    throw new PeerError("nothing-to-cancel", `No download of ${gameId} is running.`);
  }
  operation.controller.abort(new PeerError("cancelled", `The download of ${gameId} was cancelled.`));
}

const CANCELLABLE: ReadonlySet<OperationKind> = new Set([
  "downloading",
  "installing",
  "updating",
  "stream-installing",
] as const);

async function work(
  context: RuntimeContext,
  gameId: GameId,
  options: DownloadOptions,
  frame: OperationFrame,
): Promise<RuntimeEvent> {
  const own = localGame(context, gameId);
  const here = own?.downloaded === true && !options.latest;
  const { totals, manifest } = here ? HERE : await fetch(context, gameId, frame);
  const finished: RuntimeEvent = { type: "download-finished", gameId, ...totals };
  if (!options.install) return finished;
  const root = rootOf(context, gameId);
  const next = installAfterDownload({
    installed: await isInstalled(root),
    installedVersion: (await readInstalledList(context.stateDir, gameId))?.version ?? null,
    version: manifest?.version ?? own?.version ?? null,
    isReplaced: manifest !== null && !isSameContent(own, manifest),
    latest: options.latest,
  });
  if (next === "nothing") {
    context.logger.info("the game is installed already: nothing was installed", { gameId });
    return finished;
  }
  frame.continueAs(next, finished);
  return next === "updating" ? update(context, gameId, frame) : install(context, gameId, frame);
}

/** Whether a copy is proven to be what was fetched. */
function isSameContent(own: LocalGame | undefined, { content_id }: Manifest): boolean {
  return content_id !== null && own?.contentId === content_id;
}

interface Fetched {
  readonly totals: TransferTotals;
  /** What was fetched; null where it was here already. */
  readonly manifest: Manifest | null;
}

/** What is here already is not fetched again. */
const HERE: Fetched = {
  totals: { bytes: 0, pieces: 0, retried: 0, elapsedMs: 0, mibPerS: 0, sources: {} },
  manifest: null,
};

async function fetch(context: RuntimeContext, gameId: GameId, frame: OperationFrame): Promise<Fetched> {
  const { bus, mesh, catalog, library, stateDir, logger } = context;
  const { signal } = frame;
  await recoverGame({ gameId, gamesDir: library.state().gamesDir, stateDir, logger, signal });
  const candidates = mesh.candidates(gameId);
  if (candidates.length === 0) throw new PeerError("no-peers-have-game", `No peer has ${gameId}.`);
  const pinned = catalog.entry(gameId)?.content_id;
  const { manifest, digests, sources, liars } = await fetchManifest({
    gameId,
    candidates,
    ...(pinned === undefined ? {} : { pinnedContentId: pinned }),
    signal,
    logger: logger.child("download"),
  });
  bus.emit({ type: "got-game-files", gameId, manifest, sources: sources.map(peerIdOf) });
  const result = await context.activity.during(() =>
    downloadGame({
      gameId,
      root: rootOf(context, gameId),
      gamesDir: library.state().gamesDir,
      manifest,
      digests,
      sources,
      joining: (join) => tellOfSources(context, manifest, new Set(liars.map(peerIdOf)), join),
      lanes: context.lanes,
      stateDir,
      signal,
      logger: logger.child("download"),
      onBegin: (begin) => bus.emit({ type: "download-begin", gameId, ...begin }),
      onProgress: (sample) => bus.emit({ type: "download-progress", gameId, ...sample }),
      onChunk: (chunk) => bus.emit({ type: "download-chunk-finished", gameId, ...chunk }),
    }),
  );
  const { digests: own, seen, struckOut, ...totals } = result;
  frame.know({ manifestHash: manifest.manifest_hash, digests: own, seen });
  const out = [...liars, ...struckOut];
  return { totals: { ...totals, ...(out.length === 0 ? {} : { struckOut: out }) }, manifest };
}

/**
 * Tells of the peers that announce the very content, of those that begin to, and of those that do so again.
 *
 * @param liars peers that are not to take part whatever they announce
 */
function tellOfSources(
  { mesh }: RuntimeContext,
  manifest: Manifest,
  liars: ReadonlySet<PeerId>,
  join: SourceJoins,
): () => void {
  let before: ReadonlySet<PeerId> = new Set();
  const tell = (): void => {
    const now = new Set<PeerId>();
    for (const { peerId, summary, channel } of mesh.candidates(manifest.game_id, manifest.version)) {
      const { manifest_hash, content_id } = summary;
      const same =
        manifest_hash === manifest.manifest_hash && [manifest.content_id, null].includes(content_id);
      if (!same || liars.has(peerId)) continue;
      now.add(peerId);
      join({ peerId, channel }, { back: !before.has(peerId) });
    }
    before = now;
  };
  // Whoever is gone, or has it no longer, is missing in one of these, and where it is back that is another one.
  const noMore = mesh.onEvent((event) => {
    if (event.type === "remote-games-changed") tell();
  });
  // Some may have begun while the download looked at the disk.
  tell();
  return noMore;
}

function endEvent(gameId: GameId, error: PeerError, kind: OperationKind): RuntimeEvent {
  if (kind === "installing" || kind === "updating") return installFailed(gameId, error);
  const { code, ...reason } = reasonOf(error);
  if (code === "cancelled") return { type: "download-cancelled", gameId };
  if (code === "no-peers-have-game") return { type: "no-peers-have-game", gameId, ...reason };
  if (code === "peers-gone") return { type: "download-peers-gone", gameId, ...reason };
  return { type: "download-failed", gameId, code, ...reason };
}

function peerIdOf({ peerId }: { readonly peerId: PeerId }): PeerId {
  return peerId;
}
