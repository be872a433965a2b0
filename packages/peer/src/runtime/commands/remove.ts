import type { GameId } from "@lanspread/proto";
import { PeerError, reasonOf } from "../../errors/index.ts";
import { removeGame } from "../../install/index.ts";
import { localGame, type RuntimeContext, requireGamesDir, requireInCatalog } from "../context.ts";
import { beginOperation } from "../run-operation.ts";
import { requireFree } from "./install.ts";

/** `remove-downloaded-game`: deletes the folder of a game that is downloaded and not installed. */
export function removeCommand(context: RuntimeContext, gameId: GameId): void {
  requireInCatalog(context, gameId);
  requireGamesDir(context);
  requireFree(context, gameId);
  const game = localGame(context, gameId);
  if (game?.downloaded !== true) {
    throw new PeerError("not-downloaded", `${gameId} is not downloaded: there is nothing to remove.`, {
      hint: "Look at the list of games for what is downloaded.",
    });
  }
  if (game.installed) {
    throw new PeerError("already-installed", `${gameId} is installed: its download is not removed.`);
  }
  beginOperation(context, {
    gameId,
    kind: "removing",
    work: async ({ signal }) => {
      const { library, stateDir, logger, bus } = context;
      const { gamesDir } = library.state();
      const onProgress: Parameters<typeof removeGame>[0]["onProgress"] = (progress) =>
        bus.emit({ type: "remove-progress", gameId, ...progress });
      const result = await removeGame({ gameId, gamesDir, stateDir, signal, logger, onProgress });
      return { type: "remove-finished", gameId, ...result };
    },
    failed: (error) => ({ type: "remove-failed", gameId, ...reasonOf(error) }),
  });
}
