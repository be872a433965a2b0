import type { GameId, LocalGame, OperationKind, RuntimeEvent } from "@lanspread/proto";
import { PeerError, reasonOf } from "../../errors/index.ts";
import {
  type InstallOptions,
  type InstallResult,
  installGame,
  readInstalledList,
  uninstallGame,
  updateGame,
} from "../../install/index.ts";
import { localGame, type RuntimeContext, requireGamesDir, requireInCatalog, rootOf } from "../context.ts";
import { beginOperation, type OperationFrame } from "../run-operation.ts";
import { installReporter } from "./report-install.ts";

/**
 * `install-game`: unpacks a downloaded game into its `local/`. One that is installed in another version is brought to that of
 * the download.
 */
export async function installCommand(context: RuntimeContext, gameId: GameId): Promise<void> {
  requireInCatalog(context, gameId);
  requireGamesDir(context);
  requireFree(context, gameId);
  const game = localGame(context, gameId);
  if (game?.downloaded !== true) {
    throw new PeerError("not-downloaded", `${gameId} is not downloaded: it cannot be installed.`);
  }
  if (game.installed) await requireOtherVersion(context, game);
  beginOperation(context, {
    gameId,
    kind: game.installed ? "updating" : "installing",
    work: (frame) => (game.installed ? update : install)(context, gameId, frame),
    failed: (error) => installFailed(gameId, error),
  });
}

/** @throws PeerError `already-installed`, also where nobody knows which version is installed */
async function requireOtherVersion({ stateDir }: RuntimeContext, { id, version }: LocalGame): Promise<void> {
  const list = await readInstalledList(stateDir, id);
  if (list !== undefined && list.version !== version) return;
  throw new PeerError("already-installed", `${id} is installed already.`);
}

/** `uninstall-game`: removes `local/`; the download stays. */
export function uninstallCommand(context: RuntimeContext, gameId: GameId): void {
  requireInCatalog(context, gameId);
  requireGamesDir(context);
  requireFree(context, gameId);
  if (localGame(context, gameId)?.installed !== true) {
    throw new PeerError("not-installed", `${gameId} is not installed.`);
  }
  beginOperation(context, {
    gameId,
    kind: "uninstalling",
    work: async ({ signal }) => {
      const { stateDir, logger } = context;
      await uninstallGame({ gameId, root: rootOf(context, gameId), stateDir, signal, logger });
      return { type: "uninstall-finished", gameId };
    },
    failed: (error) => ({ type: "uninstall-failed", gameId, ...reasonOf(error) }),
  });
}

/** The work of an install, alone or behind a download; returns its end event. */
export function install(
  context: RuntimeContext,
  gameId: GameId,
  frame: OperationFrame,
): Promise<RuntimeEvent> {
  return makeLocal(context, gameId, frame, installGame);
}

/** The work of an update, alone or behind a download; returns its end event, which is that of an install. */
export function update(
  context: RuntimeContext,
  gameId: GameId,
  frame: OperationFrame,
): Promise<RuntimeEvent> {
  return makeLocal(context, gameId, frame, updateGame);
}

async function makeLocal(
  context: RuntimeContext,
  gameId: GameId,
  frame: OperationFrame,
  work: (options: Omit<InstallOptions, "onStep">) => Promise<InstallResult>,
): Promise<RuntimeEvent> {
  const { stateDir, unpacker, logger } = context;
  const begun = performance.now();
  const { files, bytes } = await work({
    gameId,
    root: rootOf(context, gameId),
    stateDir,
    unpacker,
    signal: frame.signal,
    logger,
    onProgress: installReporter(context, gameId),
  });
  return {
    type: "install-finished",
    gameId,
    files,
    bytes,
    elapsedMs: Math.round(performance.now() - begun),
  };
}

/** The end event of an install or an update that was thrown out of. Cancelling one is no failure: it ends as a cancelled download. */
export function installFailed(gameId: GameId, error: PeerError): RuntimeEvent {
  if (error.code === "cancelled") return { type: "download-cancelled", gameId };
  return { type: "install-failed", gameId, ...reasonOf(error) };
}

/** Says that the game is busy before anything about its state, which is about to change. */
export function requireFree(context: RuntimeContext, gameId: GameId): void {
  const running: OperationKind | undefined = context.operations.get(gameId)?.kind;
  if (running === undefined) return;
  throw new PeerError("operation-in-progress", `${gameId} is ${running} at the moment.`);
}
