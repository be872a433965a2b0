import type { GameId } from "@lanspread/proto";
import type { MeasuredGame } from "./measure.ts";
import type { CatalogEntry } from "./schema.ts";

/** What a catalog file says. */
export interface CatalogContent {
  readonly name: string;
  readonly games: readonly CatalogEntry[];
}

/** A new catalog, and what it has from an earlier one alone. */
export interface MergedCatalog extends CatalogContent {
  /** Entries that were taken over as they were, because their games were not measured. */
  readonly kept: readonly GameId[];
}

export interface MergeOptions {
  /** Name of the new catalog; default: that of an earlier one. */
  readonly name?: string;
  /** Where neither says a name. */
  readonly defaultName: string;
  readonly measured: readonly MeasuredGame[];
  /** Earlier catalogs: what a person wrote there is kept, of the first one that says it. */
  readonly earlier: readonly CatalogContent[];
  /** Earlier entries that are left out where nothing was measured for them. */
  readonly isDropped: (id: GameId) => boolean;
}

/**
 * Joins what was measured with what people wrote into earlier catalogs: version, size and content_id are those of the
 * disk, every other field is kept. The games are sorted by id.
 */
export function mergeCatalog(options: MergeOptions): MergedCatalog {
  const { measured, earlier } = options;
  const entries = new Map<GameId, CatalogEntry>();
  for (const { games } of earlier.toReversed()) {
    for (const game of games) entries.set(game.id, { ...entries.get(game.id), ...game });
  }
  const kept = new Set([...entries.keys()].filter((id) => !options.isDropped(id)));
  const games = new Map([...entries].filter(([id]) => kept.has(id)));
  for (const { id, version, size, contentId } of measured) {
    const written = entries.get(id) ?? { id, name: id };
    games.set(id, { ...written, version, size, content_id: contentId });
    kept.delete(id);
  }
  return {
    name: options.name ?? earlier[0]?.name ?? options.defaultName,
    games: [...games.values()].sort(byId),
    kept: [...kept].sort(),
  };
}

/** The text of a catalog file. The same content always has the same text. */
export function catalogToText({ name, games }: CatalogContent): string {
  return `${JSON.stringify({ format: 1, name, games: games.map(inOrder) }, null, 2)}\n`;
}

/** The fields in one order, whatever order they were read in. Those that are undefined are left out by JSON. */
function inOrder(entry: CatalogEntry): Record<keyof CatalogEntry, unknown> {
  return {
    id: entry.id,
    name: entry.name,
    version: entry.version,
    genre: entry.genre,
    max_players: entry.max_players,
    year: entry.year,
    description: entry.description,
    size: entry.size,
    thumbnail: entry.thumbnail,
    can_host_server: entry.can_host_server,
    content_id: entry.content_id,
  };
}

function byId(a: CatalogEntry, b: CatalogEntry): number {
  return a.id < b.id ? -1 : 1;
}
