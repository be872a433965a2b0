import type { GameId, OperationKind, RuntimeEvent } from "@lanspread/proto";
import { PeerError } from "../../errors/index.ts";
import { installGame, uninstallGame } from "../../install/index.ts";
import { localGame, type RuntimeContext, requireGamesDir, requireInCatalog, rootOf } from "../context.ts";
import { beginOperation, type OperationFrame } from "../run-operation.ts";

/** `install-game`: unpacks a downloaded game into its `local/`. */
export function installCommand(context: RuntimeContext, gameId: GameId): void {
  requireInCatalog(context, gameId);
  requireGamesDir(context);
  requireFree(context, gameId);
  const game = localGame(context, gameId);
  if (game?.downloaded !== true) {
    throw new PeerError("not-downloaded", `${gameId} is not downloaded: it cannot be installed.`);
  }
  if (game.installed) throw new PeerError("already-installed", `${gameId} is installed already.`);
  beginOperation(context, {
    gameId,
    kind: "installing",
    work: (frame) => install(context, gameId, frame),
    failed: (error) => installFailed(gameId, error),
  });
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
    failed: ({ code, message }) => ({ type: "uninstall-failed", gameId, code, message }),
  });
}

/** The work of an install, alone or behind a download; returns its end event. */
export async function install(
  context: RuntimeContext,
  gameId: GameId,
  frame: OperationFrame,
): Promise<RuntimeEvent> {
  const { stateDir, unpacker, logger, bus } = context;
  const begun = performance.now();
  const { files, bytes } = await installGame({
    gameId,
    root: rootOf(context, gameId),
    stateDir,
    unpacker,
    signal: frame.signal,
    logger,
    onProgress: (progress) => bus.emit({ type: "install-progress", gameId, ...progress }),
  });
  return {
    type: "install-finished",
    gameId,
    files,
    bytes,
    elapsedMs: Math.round(performance.now() - begun),
  };
}

export function installFailed(gameId: GameId, { code, message }: PeerError): RuntimeEvent {
  return { type: "install-failed", gameId, code, message };
}

/** Says that the game is busy before anything about its state, which is about to change. */
export function requireFree(context: RuntimeContext, gameId: GameId): void {
  const running: OperationKind | undefined = context.operations.get(gameId)?.kind;
  if (running === undefined) return;
  throw new PeerError("operation-in-progress", `${gameId} is ${running} at the moment.`);
}
