import type { GameId, GameSummary, GameVersion, PeerId } from "@lanspread/proto";
import type { Catalog } from "../catalog/index.ts";
import { GameHolders } from "./game-holders.ts";
import type { RemoteGame } from "./types.ts";

/** Changed games that are put in their places one by one; of more the whole list is sorted again. */
const PUT_IN_PLACE = 16;

/** One game of one peer: as it is now; null where the peer has it no longer. */
export interface SummaryChange {
  readonly peerId: PeerId;
  readonly id: GameId;
  readonly summary: GameSummary | null;
}

/**
 * The games of all other peers, each id once. Kept up incrementally: a change of one peer's game looks at that game only.
 * Everything it is given is of the catalog: the peer table lets nothing else in.
 */
export class RemoteView {
  readonly #catalog: Catalog;
  readonly #holders = new Map<GameId, GameHolders>();
  readonly #games = new Map<GameId, RemoteGame>();
  #sorted: readonly RemoteGame[] | null = null;

  constructor(catalog: Catalog) {
    this.#catalog = catalog;
  }

  /** @returns whether anything that {@link games} shows is another now. */
  apply(changes: readonly SummaryChange[]): boolean {
    const touched = new Set<GameId>();
    for (const { peerId, id, summary } of changes) {
      touched.add(id);
      const holders = this.#holders.get(id) ?? new GameHolders();
      holders.set(peerId, summary);
      if (holders.size === 0) this.#holders.delete(id);
      else this.#holders.set(id, holders);
    }
    const changed = [...touched].filter((id) => this.#show(id));
    if (changed.length > 0) this.#sorted = this.#resorted(changed);
    return changed.length > 0;
  }

  /** Every game, by id. The same list until something changes. */
  games(): readonly RemoteGame[] {
    this.#sorted ??= [...this.#games.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
    return this.#sorted;
  }

  /** Who can serve the game now, by peer id: at the version this party plays, or at the one that is named. */
  servers(
    id: GameId,
    wanted?: GameVersion,
  ): readonly { readonly peerId: PeerId; readonly summary: GameSummary }[] {
    const holders = this.#holders.get(id);
    const version =
      holders === undefined ? null : servableVersion(holders, wanted ?? this.#catalog.versionOf(id));
    if (holders === undefined || version === null) return [];
    return [...holders.ready(version)].map(([peerId, summary]) => ({ peerId, summary }));
  }

  #show(id: GameId): boolean {
    const before = this.#games.get(id);
    const holders = this.#holders.get(id);
    const after = holders === undefined ? undefined : describe(id, holders, this.#catalog);
    if (before === undefined ? after === undefined : after !== undefined && isSame(before, after))
      return false;
    if (after === undefined) this.#games.delete(id);
    else this.#games.set(id, after);
    return true;
  }

  /** The list with some games as they are now; null where sorting it anew costs no more. */
  #resorted(changed: readonly GameId[]): readonly RemoteGame[] | null {
    if (this.#sorted === null || changed.length > PUT_IN_PLACE) return null;
    const list = [...this.#sorted];
    for (const id of changed) {
      const at = placeOf(id, list);
      const game = this.#games.get(id);
      list.splice(at, list[at]?.id === id ? 1 : 0, ...(game === undefined ? [] : [game]));
    }
    return list;
  }
}

/** Where a game is in a sorted list, or where it belongs. */
function placeOf(id: GameId, list: readonly RemoteGame[]): number {
  let from = 0;
  let to = list.length;
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((list[middle]?.id ?? id) < id) from = middle + 1;
    else to = middle;
  }
  return from;
}

function describe(id: GameId, holders: GameHolders, catalog: Catalog): RemoteGame | undefined {
  const wanted = catalog.versionOf(id);
  const servable = servableVersion(holders, wanted);
  const version = servable ?? holders.newest();
  if (version === null) return undefined;
  // Of the peers that have it, the one with the smallest id tells name, size and spelling: the same one everywhere.
  const shown = servable === null ? holders.first(version) : holders.ready(servable).next().value?.[1];
  if (shown === undefined) return undefined;
  return {
    id,
    name: catalog.entry(id)?.name ?? shown.name,
    version: servable !== null && wanted !== undefined ? wanted : shown.version,
    size: shown.size,
    peerCount: servable === null ? 0 : holders.countReady(servable),
    versions: holders.versions(),
  };
}

/** The version that counts: the catalog's where it names one, else the newest; null where nobody can serve it now. */
function servableVersion(holders: GameHolders, wanted: GameVersion | undefined): GameVersion | null {
  if (wanted === undefined) return holders.newestReady();
  return holders.countReady(wanted) > 0 ? wanted : null;
}

function isSame(a: RemoteGame, b: RemoteGame): boolean {
  return (
    a.name === b.name &&
    a.version === b.version &&
    a.size === b.size &&
    a.peerCount === b.peerCount &&
    (a.versions === b.versions || areSame(a.versions, b.versions))
  );
}

function areSame(a: RemoteGame["versions"], b: RemoteGame["versions"]): boolean {
  if (a.size !== b.size) return false;
  for (const [peerId, version] of a) if (b.get(peerId) !== version) return false;
  return true;
}
