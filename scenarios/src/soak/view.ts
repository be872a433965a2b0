import type { DiskGame } from "./disk-game.ts";

/** One line of `list-games`, as far as the disks decide it. */
export interface GameLine {
  readonly id: string;
  readonly version: string | null;
  readonly size: number;
  readonly downloaded: boolean;
  readonly installed: boolean;
  readonly local_version: string | null;
  readonly availability: string | null;
  readonly peer_count: number;
}

/** One line of `list-peers`. */
export interface PeerLine {
  readonly peer_id: string;
  readonly name: string;
  readonly addr: string;
  readonly library_rev: number;
  readonly game_count: number;
}

/** What is true of one running peer. */
export interface PeerTruth {
  readonly name: string;
  readonly peerId: string;
  readonly addr: string;
  readonly libraryRev: number;
  readonly games: readonly DiskGame[];
}

/** What one running peer shows. */
export interface PeerView {
  readonly games: readonly GameLine[];
  readonly peers: readonly PeerLine[];
}

/** Something that a peer shows and that is not so. */
export interface Difference {
  /** Who shows it. */
  readonly viewer: string;
  /** Names of those whom it is about. */
  readonly about: readonly string[];
  readonly text: string;
}

/** What `viewer` has to show: its own games and those of the others, every id once. */
export function trueView(viewer: PeerTruth, others: readonly PeerTruth[]): PeerView {
  const own = new Map(viewer.games.filter(isShown).map((game) => [game.id, game]));
  const remote = new Map<string, DiskGame[]>();
  for (const game of others.flatMap(({ games }) => games)) {
    if (game.version !== null) remote.set(game.id, [...(remote.get(game.id) ?? []), game]);
  }
  const ids = [...new Set([...own.keys(), ...remote.keys()])].sort();
  return {
    games: ids.map((id) => gameLine(id, own.get(id), remote.get(id) ?? [])),
    peers: others.map(({ name, peerId, addr, libraryRev, games }) => ({
      ...{ name, peer_id: peerId, addr, library_rev: libraryRev },
      game_count: games.filter(({ version }) => version !== null).length,
    })),
  };
}

/** Every way in which a view differs from the true one. */
export function differencesOf(
  viewer: PeerTruth,
  shown: PeerView,
  others: readonly PeerTruth[],
): readonly Difference[] {
  const truth = trueView(viewer, others);
  const holders = (id: string): string[] =>
    others.filter(({ games }) => games.some((game) => game.id === id)).map(({ name }) => name);
  const named = (peerId: string): string[] =>
    others.filter((other) => other.peerId === peerId).map(({ name }) => name);
  return [
    ...unequal(shown.peers, truth.peers, ({ peer_id }) => peer_id, PEER_FIELDS).map(({ key, text }) => ({
      ...{ viewer: viewer.name, about: named(key), text: `peer ${named(key)[0] ?? "gone"} ${key}: ${text}` },
    })),
    ...unequal(shown.games, truth.games, ({ id }) => id, GAME_FIELDS).map(({ key, text }) => ({
      ...{ viewer: viewer.name, about: holders(key), text: `game ${key}: ${text}` },
    })),
  ];
}

const PEER_FIELDS = ["name", "addr", "library_rev", "game_count"] as const;
const GAME_FIELDS = [
  ...(["version", "size", "downloaded", "installed", "local_version", "availability", "peer_count"] as const),
];

function unequal<Line extends object>(
  shown: readonly Line[],
  truth: readonly Line[],
  keyOf: (line: Line) => string,
  fields: readonly (keyof Line & string)[],
): { key: string; text: string }[] {
  const shownBy = new Map(shown.map((line) => [keyOf(line), line]));
  const trueBy = new Map(truth.map((line) => [keyOf(line), line]));
  const found: { key: string; text: string }[] = [];
  if (shownBy.size !== shown.length) found.push({ key: "", text: "something is listed twice" });
  for (const key of new Set([...shownBy.keys(), ...trueBy.keys()])) {
    const [is, should] = [shownBy.get(key), trueBy.get(key)];
    if (is === undefined) found.push({ key, text: "is missing" });
    else if (should === undefined) found.push({ key, text: "is shown and is not there" });
    else {
      const wrong = fields.filter((field) => is[field] !== should[field]);
      if (wrong.length === 0) continue;
      const text = wrong.map((field) => `${field} ${String(is[field])}, is ${String(should[field])}`);
      found.push({ key, text: text.join("; ") });
    }
  }
  return found;
}

function gameLine(id: string, own: DiskGame | undefined, others: readonly DiskGame[]): GameLine {
  const versions = others.flatMap(({ version }) => version ?? []);
  const newest = versions.toSorted().at(-1) ?? null;
  const ownVersion = own?.version ?? null;
  const ownIsNewest = ownVersion !== null && (newest === null || ownVersion >= newest);
  const version = ownIsNewest ? ownVersion : newest;
  const having = others.filter((game) => game.version === newest);
  return {
    ...{ id, version },
    // Bytes follow from the version, so it does not matter whose are counted.
    size: ownIsNewest ? (own?.size ?? 0) : (having[0]?.size ?? 0),
    downloaded: ownVersion !== null,
    installed: own?.installed ?? false,
    local_version: ownVersion,
    availability: own === undefined ? null : ownVersion === null ? "local_only" : "ready",
    peer_count: newest === null ? 0 : having.length,
  };
}

/** A root with neither sentinel nor `local/` is a copy that has just begun, or the rest of one. */
function isShown({ version, installed }: DiskGame): boolean {
  return version !== null || installed;
}
