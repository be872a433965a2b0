import type { GameId, GameVersion } from "@lanspread/proto";
import { PeerError } from "../errors/index.ts";
import { readRegularFile } from "../storage/index.ts";
import { MAX_CATALOG_BYTES } from "./constants.ts";
import { decodeText } from "./decode.ts";
import { parseCatalog } from "./parse.ts";
import type { CatalogEntry } from "./schema.ts";

/** Which games a party plays. */
export interface Catalog {
  /** Without a catalog file every valid id counts, and the newest version is the one to get. */
  readonly open: boolean;
  /** The catalog's own name; null for the open one. */
  readonly name: string | null;
  /** Whether a game exists for this party. */
  has(id: GameId): boolean;
  /** The only version that is served or downloaded (canonical); undefined where any is. */
  versionOf(id: GameId): GameVersion | undefined;
  /** Static facts; undefined where the catalog has none. */
  entry(id: GameId): CatalogEntry | undefined;
  /** All entries, in the order of the file. Empty for the open catalog. */
  entries(): readonly CatalogEntry[];
}

/** The catalog of a party without one: everything is allowed, nothing is known. */
export const openCatalogForAll: Catalog = {
  open: true,
  name: null,
  has: () => true,
  versionOf: () => undefined,
  entry: () => undefined,
  entries: () => [],
};

/**
 * Reads a catalog file; without a path, the open catalog.
 *
 * @throws PeerError `catalog-invalid`, naming line and column of a syntax error, or line, id and field of an entry;
 *   `no-such-file`, `no-permission`.
 */
export async function openCatalog(
  path: string | undefined,
  options: { signal?: AbortSignal } = {},
): Promise<Catalog> {
  if (path === undefined) return openCatalogForAll;
  options.signal?.throwIfAborted();
  const file = await readRegularFile(path, MAX_CATALOG_BYTES);
  options.signal?.throwIfAborted();
  if (file.status === "missing") {
    throw new PeerError("no-such-file", `The catalog ${path} is not there.`, {
      hint: "Check the path, make one with lanspread catalog build, or start without a catalog.",
    });
  }
  if (file.status === "other") {
    throw new PeerError("catalog-invalid", `${path}: ${file.reason}`, {
      hint: `A catalog is a JSON file of at most ${MAX_CATALOG_BYTES} bytes.`,
    });
  }
  const decoded = decodeText(file.bytes);
  if (!decoded.ok) {
    throw new PeerError("catalog-invalid", `${path}: ${decoded.problem}`, {
      hint: "Save the file as UTF-8: editors ask for the encoding when they save it under another name.",
    });
  }
  return createCatalog(decoded.text, path);
}

/**
 * A catalog from the text of its file.
 *
 * @param path names the file in errors.
 * @throws PeerError `catalog-invalid`.
 */
export function createCatalog(text: string, path: string): Catalog {
  const result = parseCatalog(text);
  if (!result.ok) throw new PeerError("catalog-invalid", `${path}: ${result.problems.join("; ")}`);
  const { name, games } = result;
  const byId = new Map<GameId, CatalogEntry>(games.map((game) => [game.id, game]));
  return {
    open: false,
    name,
    has: (id) => byId.has(id),
    versionOf: (id) => byId.get(id)?.version,
    entry: (id) => byId.get(id),
    entries: () => games,
  };
}
