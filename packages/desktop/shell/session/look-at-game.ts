import { join } from "node:path";
import { installedVersion, type Peer } from "@lanspread/peer";
import type { GameId } from "@lanspread/proto";
import type { GameDetails } from "../../protocol/snapshot.ts";
import { findScript } from "../play/find-script.ts";

export interface LookOptions {
  readonly peer: Peer;
  readonly stateDir: string;
  readonly gameId: GameId;
}

/** What there is to know about one game besides what the list of all games says. */
export async function lookAtGame({ peer, stateDir, gameId }: LookOptions): Promise<GameDetails> {
  const { status, localGames, remoteGames } = peer.snapshot();
  const root = join(status.gamesDir, gameId);
  const local = localGames.find(({ id }) => id === gameId);
  const isInstalled = local?.installed === true;
  const [version, server] = await Promise.all([
    isInstalled ? installedVersion(stateDir, gameId) : null,
    isInstalled ? findScript(root, "server_start") : null,
  ]);
  return {
    holders: Object.fromEntries(remoteGames.find(({ id }) => id === gameId)?.versions ?? []),
    installedVersion: version,
    bringsServer: server !== null,
    warnings: local?.warnings ?? [],
  };
}
