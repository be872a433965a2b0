import {
  type ActiveOperation,
  compareVersions,
  type GameId,
  type GameVersion,
  type ListedGame,
  type LocalGame,
} from "@lanspread/proto";
import type { Catalog } from "../catalog/index.ts";
import type { RemoteGame } from "../peers/index.ts";

export interface JointLibraryView {
  readonly local: readonly LocalGame[];
  readonly remote: readonly RemoteGame[];
  readonly operations: readonly ActiveOperation[];
  readonly catalog: Catalog;
}

/** The own games and those of the others as one list: each id once, by id. Static facts come from the catalog. */
export function jointLibrary(view: JointLibraryView): ListedGame[] {
  const local = new Map(view.local.map((game) => [game.id, game]));
  const remote = new Map(view.remote.map((game) => [game.id, game]));
  const operations = new Map(view.operations.map(({ gameId, kind }) => [gameId, kind]));
  const ids = [...new Set([...local.keys(), ...remote.keys()])].sort();
  return ids.map((id) =>
    listedGame(id, local.get(id), remote.get(id), operations.get(id) ?? null, view.catalog),
  );
}

function listedGame(
  id: GameId,
  own: LocalGame | undefined,
  others: RemoteGame | undefined,
  operation: ListedGame["operation"],
  catalog: Catalog,
): ListedGame {
  const ownIsNewest = isNewer(own?.version ?? null, others?.version ?? null);
  return {
    id,
    name: catalog.entry(id)?.name ?? others?.name ?? id,
    version: ownIsNewest ? (own?.version ?? null) : (others?.version ?? null),
    size: (ownIsNewest ? own?.size : others?.size) ?? own?.size ?? 0,
    downloaded: own?.downloaded ?? false,
    installed: own?.installed ?? false,
    localVersion: own?.version ?? null,
    availability: own?.availability ?? null,
    peerCount: others?.peerCount ?? 0,
    operation,
  };
}

/** Whether `a` is a version and not older than `b`. */
function isNewer(a: GameVersion | null, b: GameVersion | null): boolean {
  if (a === null) return false;
  return b === null || compareVersions(a, b) >= 0;
}
