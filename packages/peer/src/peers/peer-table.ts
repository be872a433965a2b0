import {
  type GameId,
  type GameSummary,
  type LibraryChange,
  type LibrarySnapshot,
  type ListedPeer,
  type ListenAddress,
  MAX_LIBRARY_GAMES,
  type PeerId,
  parseListenAddress,
} from "@lanspread/proto";
import type { Catalog } from "../catalog/index.ts";
import { lanePorts } from "./lane-features.ts";
import type { SummaryChange } from "./remote-view.ts";

/** What a hello says of its sender, beside the library. */
export interface PeerFacts {
  readonly peerId: PeerId;
  readonly name: string;
  /** Listener, "ip:port"; never the source of a connection. */
  readonly addr: string;
  readonly features: readonly string[];
}

/** How a connected peer can be reached at the moment. */
export interface PeerContact {
  /** When anything of it came last, ms of the mesh's clock. */
  readonly lastSeenAt: number;
  /** From the last ping to its pong, ms; null before the first one. */
  readonly rttMs: number | null;
}

/** What was held when a peer was asked for its library: the answer is judged by it. */
export interface Asked {
  readonly peerId: PeerId;
  readonly libraryRev: number;
  readonly introductions: number;
}

interface PeerEntry {
  facts: PeerFacts;
  contact: PeerContact;
  libraryRev: number;
  /** Introductions whose library was taken; counted over all peers, so that nobody has the same one twice. */
  introductions: number;
  /** The peer may have begun anew: revisions that it tells of need not be on top of the one held. */
  isDoubtful: boolean;
  readonly games: Map<GameId, GameSummary>;
}

/**
 * The connected peers and their libraries, keyed by peer id. Games outside the catalog are not let in, so that none is ever
 * shown, listed or kept.
 *
 * Methods that change it return what became another for {@link SummaryChange}; nobody is told here.
 */
export class PeerGameDb {
  readonly #catalog: Catalog;
  readonly #peers = new Map<PeerId, PeerEntry>();
  /** What {@link lanesOf} made of facts. */
  readonly #lanes = new WeakMap<PeerFacts, readonly ListenAddress[]>();
  #introductions = 0;

  constructor(catalog: Catalog) {
    this.#catalog = catalog;
  }

  get size(): number {
    return this.#peers.size;
  }

  has(peerId: PeerId): boolean {
    return this.#peers.has(peerId);
  }

  /** The revision held; undefined for who is not there. */
  revisionOf(peerId: PeerId): number | undefined {
    return this.#peers.get(peerId)?.libraryRev;
  }

  addressOf(peerId: PeerId): string | undefined {
    return this.#peers.get(peerId)?.facts.addr;
  }

  /** Where the lanes of a peer listen; none where it has none, or is not there. */
  lanesOf(peerId: PeerId): readonly ListenAddress[] {
    const facts = this.#peers.get(peerId)?.facts;
    if (facts === undefined) return [];
    // Asked for every small file of a download.
    let lanes = this.#lanes.get(facts);
    if (lanes === undefined) {
      const listener = parseListenAddress(facts.addr);
      const ports = listener === null ? [] : lanePorts(facts.features);
      lanes = ports.map((port) => ({ host: listener?.host ?? "", port }));
      this.#lanes.set(facts, lanes);
    }
    return lanes;
  }

  /** Undefined for who is not there. */
  contactOf(peerId: PeerId): PeerContact | undefined {
    return this.#peers.get(peerId)?.contact;
  }

  /** Adds a peer with an empty library, or changes the facts of one; its library stays. */
  put(facts: PeerFacts, now: number): void {
    const entry = this.#peers.get(facts.peerId);
    if (entry !== undefined) {
      entry.facts = facts;
      this.heard(facts.peerId, now);
      return;
    }
    const contact = { lastSeenAt: now, rttMs: null };
    this.#peers.set(facts.peerId, {
      facts,
      contact,
      libraryRev: 0,
      introductions: 0,
      isDoubtful: false,
      games: new Map(),
    });
  }

  /** Anything of the peer has come. */
  heard(peerId: PeerId, now: number): void {
    const entry = this.#peers.get(peerId);
    if (entry !== undefined) entry.contact = { ...entry.contact, lastSeenAt: now };
  }

  /** A ping was answered after so many milliseconds. */
  measured(peerId: PeerId, rttMs: number): void {
    const entry = this.#peers.get(peerId);
    if (entry !== undefined) entry.contact = { ...entry.contact, rttMs };
  }

  /** To be called when a peer is asked for its library. Undefined for who is not there. */
  asking(peerId: PeerId): Asked | undefined {
    const entry = this.#peers.get(peerId);
    return entry && { peerId, libraryRev: entry.libraryRev, introductions: entry.introductions };
  }

  /**
   * Whether the answer to a question for the library tells what the peer has now. One process never goes back, so that an
   * answer older than what was held *when it was asked* comes from one that has begun anew, and counts. One that is only
   * older than what came meanwhile is late. A hello brings everything: what was asked before it is answered by it.
   */
  isCurrent({ peerId, libraryRev, introductions }: Asked, answer: LibrarySnapshot): boolean {
    const entry = this.#peers.get(peerId);
    if (entry === undefined || entry.introductions !== introductions) return false;
    return answer.library_rev >= entry.libraryRev || answer.library_rev < libraryRev;
  }

  /** Holds on to the library of a peer that may have begun anew, and applies no change to it until it has been asked. */
  doubt(peerId: PeerId): void {
    const entry = this.#peers.get(peerId);
    if (entry !== undefined) entry.isDoubtful = true;
  }

  /** The library of an introduction. Nothing happens where the peer is not there. */
  introduce(peerId: PeerId, snapshot: LibrarySnapshot): readonly SummaryChange[] {
    const entry = this.#peers.get(peerId);
    if (entry === undefined) return [];
    this.#introductions += 1;
    entry.introductions = this.#introductions;
    return this.applySnapshot(peerId, snapshot);
  }

  /** Another address of the same peer. */
  moveTo(peerId: PeerId, addr: string): void {
    const entry = this.#peers.get(peerId);
    if (entry !== undefined) entry.facts = { ...entry.facts, addr };
  }

  /** The peer's whole library at one revision. Nothing happens where the peer is not there. */
  applySnapshot(peerId: PeerId, snapshot: LibrarySnapshot): readonly SummaryChange[] {
    const entry = this.#peers.get(peerId);
    if (entry === undefined) return [];
    entry.libraryRev = snapshot.library_rev;
    entry.isDoubtful = false;
    const kept = new Set(snapshot.games.map((game) => game.id));
    const removed = [...entry.games.keys()].filter((id) => !kept.has(id));
    return this.#replace(peerId, entry, snapshot.games, removed);
  }

  /**
   * Changes on top of the revision held.
   *
   * @returns null where the change begins at another revision than the one held, or at one that need not be the same, or
   *   makes more of the library than a snapshot can hold: a snapshot is needed.
   */
  applyDelta(peerId: PeerId, delta: LibraryChange): readonly SummaryChange[] | null {
    const entry = this.#peers.get(peerId);
    if (entry === undefined || entry.isDoubtful) return null;
    if (delta.to_rev <= entry.libraryRev) return [];
    if (delta.from_rev !== entry.libraryRev || isTooLarge(entry.games, delta)) return null;
    entry.libraryRev = delta.to_rev;
    return this.#replace(peerId, entry, [...delta.added, ...delta.updated], delta.removed);
  }

  remove(peerId: PeerId): readonly SummaryChange[] {
    const entry = this.#peers.get(peerId);
    if (entry === undefined) return [];
    this.#peers.delete(peerId);
    return [...entry.games.keys()].map((id) => ({ peerId, id, summary: null }));
  }

  listed(peerId: PeerId): ListedPeer | undefined {
    const entry = this.#peers.get(peerId);
    return entry === undefined ? undefined : listedOf(entry);
  }

  /** By peer id. */
  list(): readonly ListedPeer[] {
    return [...this.#peers.values()].map(listedOf).sort((a, b) => (a.peerId < b.peerId ? -1 : 1));
  }

  #replace(
    peerId: PeerId,
    entry: PeerEntry,
    games: readonly GameSummary[],
    removed: readonly GameId[],
  ): readonly SummaryChange[] {
    const changes: SummaryChange[] = [];
    for (const id of removed) {
      if (entry.games.delete(id)) changes.push({ peerId, id, summary: null });
    }
    for (const summary of games) {
      if (!this.#catalog.has(summary.id)) continue;
      const before = entry.games.get(summary.id);
      if (before !== undefined && isSame(before, summary)) continue;
      entry.games.set(summary.id, summary);
      changes.push({ peerId, id: summary.id, summary });
    }
    return changes;
  }
}

/** Whether a change would make more of a library than {@link MAX_LIBRARY_GAMES}. */
function isTooLarge(
  games: ReadonlyMap<GameId, unknown>,
  { added, updated, removed }: LibraryChange,
): boolean {
  if (games.size + added.length + updated.length <= MAX_LIBRARY_GAMES) return false;
  const kept = new Set(games.keys());
  for (const id of removed) kept.delete(id);
  for (const { id } of added) kept.add(id);
  for (const { id } of updated) kept.add(id);
  return kept.size > MAX_LIBRARY_GAMES;
}

function listedOf({ facts, libraryRev, games }: PeerEntry): ListedPeer {
  return {
    peerId: facts.peerId,
    name: facts.name,
    addr: facts.addr,
    libraryRev,
    gameCount: games.size,
  };
}

function isSame(a: GameSummary, b: GameSummary): boolean {
  return (
    a.name === b.name &&
    a.version === b.version &&
    a.size === b.size &&
    a.downloaded === b.downloaded &&
    a.installed === b.installed &&
    a.manifest_hash === b.manifest_hash &&
    a.content_id === b.content_id &&
    a.availability === b.availability
  );
}
