import { compareVersions, type GameSummary, type GameVersion, type PeerId } from "@lanspread/proto";

/** Who has a version. */
interface Owners {
  readonly all: Set<PeerId>;
  /** Those that can serve it now. */
  readonly ready: Set<PeerId>;
}

/**
 * The peers that have one game, and what is asked of them all. One holder's change costs nearly the same among two
 * hundred as among twenty: no other holder's summary is looked at.
 */
export class GameHolders {
  readonly #summaries = new Map<PeerId, GameSummary>();
  readonly #owners = new Map<GameVersion, Owners>();
  /** By peer id, until somebody joins: then it is made anew. */
  #versions: ReadonlyMap<PeerId, GameVersion> | null = new Map();

  get size(): number {
    return this.#summaries.size;
  }

  /** The game of one peer as it is now; null where the peer has it no longer. */
  set(peerId: PeerId, summary: GameSummary | null): void {
    const before = this.#summaries.get(peerId);
    if (before !== undefined) this.#remove(peerId, before.version);
    if (summary === null) {
      this.#summaries.delete(peerId);
    } else {
      this.#summaries.set(peerId, summary);
      this.#add(peerId, summary);
    }
    if (this.#versions === null || before?.version === summary?.version) return;
    this.#versions = before === undefined ? null : withVersion(this.#versions, peerId, summary?.version);
  }

  /** What each peer has, by peer id. The same map until one of them has another version. */
  versions(): ReadonlyMap<PeerId, GameVersion> {
    if (this.#versions !== null) return this.#versions;
    const versions = [...this.#summaries].map(([peerId, { version }]) => [peerId, version] as const);
    this.#versions = new Map(versions.sort(([a], [b]) => (a < b ? -1 : 1)));
    return this.#versions;
  }

  /** The newest version, in one of the ways in which the holders write it; null where nobody has any. */
  newest(): GameVersion | null {
    return newest(this.#owners.keys());
  }

  /** The same of what can be served now. */
  newestReady(): GameVersion | null {
    const ready: GameVersion[] = [];
    for (const [version, owners] of this.#owners) if (owners.ready.size > 0) ready.push(version);
    return newest(ready);
  }

  /** How many can serve the version now. */
  countReady(version: GameVersion): number {
    return this.#ownersOf(version).reduce((count, { ready }) => count + ready.size, 0);
  }

  /** The holder of the version with the smallest id. */
  first(version: GameVersion): GameSummary | undefined {
    const sets = this.#ownersOf(version).map(({ all }) => all);
    return this.#among(sets).next().value?.[1];
  }

  /** Those that can serve the version now, by peer id. */
  ready(version: GameVersion): Generator<readonly [PeerId, GameSummary], undefined> {
    return this.#among(this.#ownersOf(version).map(({ ready }) => ready));
  }

  *#among(sets: readonly ReadonlySet<PeerId>[]): Generator<readonly [PeerId, GameSummary], undefined> {
    for (const peerId of this.versions().keys()) {
      const summary = sets.some((set) => set.has(peerId)) ? this.#summaries.get(peerId) : undefined;
      if (summary !== undefined) yield [peerId, summary];
    }
  }

  /** Usually one: a version may be written in more than one way. */
  #ownersOf(version: GameVersion): Owners[] {
    const found: Owners[] = [];
    for (const [each, owners] of this.#owners) if (isSameVersion(each, version)) found.push(owners);
    return found;
  }

  #add(peerId: PeerId, { version, availability }: GameSummary): void {
    const owners = this.#owners.get(version) ?? { all: new Set(), ready: new Set() };
    this.#owners.set(version, owners);
    owners.all.add(peerId);
    if (availability === "ready") owners.ready.add(peerId);
  }

  #remove(peerId: PeerId, version: GameVersion): void {
    const owners = this.#owners.get(version);
    owners?.all.delete(peerId);
    owners?.ready.delete(peerId);
    if (owners?.all.size === 0) this.#owners.delete(version);
  }
}

/** A map with another version for one peer that is in it, or without that peer; everybody keeps their place. */
function withVersion(
  versions: ReadonlyMap<PeerId, GameVersion>,
  peerId: PeerId,
  version: GameVersion | undefined,
): ReadonlyMap<PeerId, GameVersion> {
  const changed = new Map(versions);
  if (version === undefined) changed.delete(peerId);
  else changed.set(peerId, version);
  return changed;
}

function isSameVersion(a: GameVersion, b: GameVersion): boolean {
  return a === b || compareVersions(a, b) === 0;
}

function newest(versions: Iterable<GameVersion>): GameVersion | null {
  let best: GameVersion | null = null;
  for (const version of versions) if (best === null || compareVersions(version, best) > 0) best = version;
  return best;
}
