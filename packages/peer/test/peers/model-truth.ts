import {
  compareVersions,
  type GameId,
  type GameSummary,
  type LibrarySnapshot,
  type PeerId,
} from "@lanspread/proto";
import type { RemoteGame } from "../../src/peers/index.ts";

/** Somebody with a library; in lists, in the order of their ids. */
export interface Owner {
  readonly identity: { readonly peerId: PeerId };
  readonly published: LibrarySnapshot;
}

/** The games of some peers as they are to be shown, worked out from nothing but their libraries. */
export function rightGames(others: readonly Owner[]): readonly RemoteGame[] {
  const ids = new Set(others.flatMap(({ published }) => published.games.map(({ id }) => id)));
  return [...ids].sort().map((id) => {
    const holders = holdersOf(others, id);
    const ready = holders.filter(([, { availability }]) => availability === "ready");
    const newest = newestOf(ready.length > 0 ? ready : holders);
    const servers = ready.filter(([, { version }]) => version === newest);
    const [shown] = servers.length > 0 ? servers : holders.filter(([, { version }]) => version === newest);
    if (shown === undefined) throw new Error("nobody has it");
    return {
      id,
      name: shown[1].name,
      version: newest,
      size: shown[1].size,
      peerCount: servers.length,
      versions: new Map(holders.map(([peerId, { version }]) => [peerId, version])),
    };
  });
}

/** Who can serve a game, at the newest version that anybody can. */
export function rightServers(
  others: readonly Owner[],
  id: GameId,
): readonly (readonly [PeerId, GameSummary])[] {
  const ready = holdersOf(others, id).filter(([, { availability }]) => availability === "ready");
  return ready.length === 0 ? [] : ready.filter(([, { version }]) => version === newestOf(ready));
}

function holdersOf(others: readonly Owner[], id: GameId): readonly (readonly [PeerId, GameSummary])[] {
  return others.flatMap(({ identity, published }) => {
    const summary = published.games.find((entry) => entry.id === id);
    return summary === undefined ? [] : [[identity.peerId, summary] as const];
  });
}

function newestOf(holders: readonly (readonly [PeerId, GameSummary])[]): GameSummary["version"] {
  const [newest] = holders.map(([, { version }]) => version).sort((a, b) => compareVersions(b, a));
  if (newest === undefined) throw new Error("nobody has it");
  return newest;
}
