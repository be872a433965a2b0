import {
  compareVersions,
  type GameId,
  type GameSummary,
  type GameVersion,
  type PeerId,
} from "@lanspread/proto";
import type { Catalog } from "../catalog/index.ts";
import type { RemoteGame } from "./types.ts";

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
  readonly #holders = new Map<GameId, Map<PeerId, GameSummary>>();
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
      const holders = this.#holders.get(id) ?? new Map<PeerId, GameSummary>();
      if (summary === null) holders.delete(peerId);
      else holders.set(peerId, summary);
      if (holders.size === 0) this.#holders.delete(id);
      else this.#holders.set(id, holders);
    }
    let changed = false;
    for (const id of touched) changed = this.#show(id) || changed;
    return changed;
  }

  /** Every game, by id. The same list until something changes. */
  games(): readonly RemoteGame[] {
    this.#sorted ??= [...this.#games.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
    return this.#sorted;
  }

  /** Who can serve the game now at the version this party plays, by peer id. */
  servers(id: GameId): readonly { readonly peerId: PeerId; readonly summary: GameSummary }[] {
    const version = servableVersion(this.#catalog.versionOf(id), this.#holders.get(id)?.values() ?? []);
    if (version === null) return [];
    return [...(this.#holders.get(id) ?? [])]
      .filter(([, summary]) => serves(summary, version))
      .map(([peerId, summary]) => ({ peerId, summary }))
      .sort((a, b) => (a.peerId < b.peerId ? -1 : 1));
  }

  #show(id: GameId): boolean {
    const before = this.#games.get(id);
    const holders = this.#holders.get(id);
    const after = holders === undefined ? undefined : describe(id, holders, this.#catalog);
    if (before === undefined ? after === undefined : after !== undefined && isSame(before, after))
      return false;
    if (after === undefined) this.#games.delete(id);
    else this.#games.set(id, after);
    this.#sorted = null;
    return true;
  }
}

function describe(
  id: GameId,
  holders: ReadonlyMap<PeerId, GameSummary>,
  catalog: Catalog,
): RemoteGame | undefined {
  const servable = servableVersion(catalog.versionOf(id), holders.values());
  const version = servable ?? newest([...holders.values()].map((summary) => summary.version));
  if (version === null) return undefined;
  const sorted = [...holders].sort(([a], [b]) => (a < b ? -1 : 1));
  const servers = sorted.filter(([, summary]) => servable !== null && serves(summary, servable));
  // Of the peers that have it, the one with the smallest id tells name and size: the same one everywhere.
  const [, shown] =
    servers[0] ?? sorted.find(([, summary]) => compareVersions(summary.version, version) === 0) ?? [];
  if (shown === undefined) return undefined;
  return {
    id,
    name: catalog.entry(id)?.name ?? shown.name,
    version,
    size: shown.size,
    peerCount: servers.length,
    versions: new Map(sorted.map(([peerId, summary]) => [peerId, summary.version])),
  };
}

/** The version that counts: the catalog's where it names one, else the newest; null where nobody can serve it now. */
function servableVersion(
  wanted: GameVersion | undefined,
  summaries: Iterable<GameSummary>,
): GameVersion | null {
  const ready = [...summaries].filter((summary) => summary.availability === "ready");
  const versions = ready.map((summary) => summary.version);
  if (wanted === undefined) return newest(versions);
  return versions.some((version) => compareVersions(version, wanted) === 0) ? wanted : null;
}

function serves(summary: GameSummary, version: GameVersion): boolean {
  return summary.availability === "ready" && compareVersions(summary.version, version) === 0;
}

function newest(versions: readonly GameVersion[]): GameVersion | null {
  let best: GameVersion | null = null;
  for (const version of versions) if (best === null || compareVersions(version, best) > 0) best = version;
  return best;
}

function isSame(a: RemoteGame, b: RemoteGame): boolean {
  return (
    a.name === b.name &&
    a.version === b.version &&
    a.size === b.size &&
    a.peerCount === b.peerCount &&
    a.versions.size === b.versions.size &&
    [...a.versions].every(([peerId, version]) => b.versions.get(peerId) === version)
  );
}
