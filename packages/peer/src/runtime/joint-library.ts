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
  /** By id. */
  readonly local: readonly LocalGame[];
  /** By id. */
  readonly remote: readonly RemoteGame[];
  readonly operations: readonly ActiveOperation[];
  readonly catalog: Catalog;
}

/**
 * The own games and those of the others as one list: each id once, by id. Static facts come from the catalog. Made anew for every
 * change of a party's games, so both lists are gone through once, side by side.
 */
export function jointLibrary({ local, remote, operations, catalog }: JointLibraryView): ListedGame[] {
  const kinds = new Map(operations.map(({ gameId, kind }) => [gameId, kind]));
  const listed: ListedGame[] = [];
  let ownAt = 0;
  let othersAt = 0;
  for (;;) {
    const nextOwn = local[ownAt];
    const nextOthers = remote[othersAt];
    const own = isFirst(nextOwn, nextOthers) ? nextOwn : undefined;
    const others = isFirst(nextOthers, nextOwn) ? nextOthers : undefined;
    const id = (own ?? others)?.id;
    if (id === undefined) return listed;
    listed.push(listedGame(id, own, others, kinds.get(id) ?? null, catalog));
    if (own !== undefined) ownAt += 1;
    if (others !== undefined) othersAt += 1;
  }
}

/** Whether a game comes before another one, or is the same. */
function isFirst(
  one: { readonly id: GameId } | undefined,
  other: { readonly id: GameId } | undefined,
): boolean {
  return one !== undefined && (other === undefined || one.id <= other.id);
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
