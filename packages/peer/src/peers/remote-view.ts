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
  /** The holders of each game, in the order of their ids. */
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
      const isNew = !holders.has(peerId);
      if (summary === null) holders.delete(peerId);
      else holders.set(peerId, summary);
      if (holders.size === 0) this.#holders.delete(id);
      // Another summary of a holder takes the place of the old one: the order is made when somebody joins, once.
      else if (isNew) this.#holders.set(id, new Map([...holders].sort(([a], [b]) => (a < b ? -1 : 1))));
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
      .map(([peerId, summary]) => ({ peerId, summary }));
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
  const version = servable ?? newest(versionsOf(holders.values()));
  if (version === null) return undefined;
  // Of the peers that have it, the one with the smallest id tells name and size: the same one everywhere.
  let shown: GameSummary | undefined;
  let peerCount = 0;
  const versions = new Map<PeerId, GameVersion>();
  for (const [peerId, summary] of holders) {
    versions.set(peerId, summary.version);
    if (servable === null ? !isSameVersion(summary.version, version) : !serves(summary, servable)) continue;
    shown ??= summary;
    if (servable !== null) peerCount += 1;
  }
  if (shown === undefined) return undefined;
  const name = catalog.entry(id)?.name ?? shown.name;
  return { id, name, version, size: shown.size, peerCount, versions };
}

/** The version that counts: the catalog's where it names one, else the newest; null where nobody can serve it now. */
function servableVersion(
  wanted: GameVersion | undefined,
  summaries: Iterable<GameSummary>,
): GameVersion | null {
  const ready: GameSummary[] = [];
  for (const summary of summaries) if (summary.availability === "ready") ready.push(summary);
  if (wanted === undefined) return newest(versionsOf(ready));
  return ready.some((summary) => isSameVersion(summary.version, wanted)) ? wanted : null;
}

function* versionsOf(summaries: Iterable<GameSummary>): Generator<GameVersion> {
  for (const { version } of summaries) yield version;
}

function serves(summary: GameSummary, version: GameVersion): boolean {
  return summary.availability === "ready" && isSameVersion(summary.version, version);
}

/** Nearly always they are the same text: a view of 200 peers compares thousands. */
function isSameVersion(a: GameVersion, b: GameVersion): boolean {
  return a === b || compareVersions(a, b) === 0;
}

function newest(versions: Iterable<GameVersion>): GameVersion | null {
  let best: GameVersion | null = null;
  for (const version of versions) {
    if (best === null || (version !== best && compareVersions(version, best) > 0)) best = version;
  }
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
