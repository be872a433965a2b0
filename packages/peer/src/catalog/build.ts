import { basename, resolve } from "node:path";
import type { GameId } from "@lanspread/proto";
import { PeerError } from "../errors/index.ts";
import { writeFileDurably } from "../storage/index.ts";
import { type Catalog, createCatalog, openCatalog } from "./catalog.ts";
import { type FailedGame, type MeasureOptions, measureGames } from "./measure.ts";
import { type CatalogContent, catalogToText, mergeCatalog } from "./merge.ts";
import { type CatalogEntry, catalogFileSchema } from "./schema.ts";
import { examineTarget, type TargetFile } from "./target-file.ts";

export interface BuildCatalogOptions extends Omit<MeasureOptions, "gamesDir"> {
  /** The directory with the game roots. It is only read. */
  readonly gamesDir: string;
  /** Where the catalog is written; default: nowhere, its text is in the result. */
  readonly out?: string;
  /** Another catalog whose hand-written fields are taken over, before those of the one at `out`. */
  readonly merge?: string;
  /** Name of the catalog; default: that of an earlier one, else that of the directory. */
  readonly name?: string;
  /** Replace a file at `out` that is no catalog. */
  readonly force?: boolean;
  /** Leave out the entries of earlier catalogs whose games are not in the directory. */
  readonly prune?: boolean;
}

export interface BuiltCatalog {
  readonly name: string;
  /** By id. */
  readonly games: readonly CatalogEntry[];
  /** Ids that were found and measured; where there are none, nothing was written. */
  readonly measured: readonly GameId[];
  /** Games that are there and could not be measured. */
  readonly failed: readonly FailedGame[];
  /** Entries of an earlier catalog that were taken over as they were. */
  readonly kept: readonly GameId[];
  /** What is no game or no part of one, and why: a sentence each. */
  readonly skipped: readonly string[];
  /** The catalog as it is in a file. */
  readonly text: string;
  /** The file that was written; null for none. */
  readonly file: string | null;
}

/**
 * Makes a catalog of the games in a directory, with the version and the content_id of each. What can be found wrong is
 * found before the long hashing; earlier catalogs are read again after it, so that what somebody wrote meanwhile is kept.
 *
 * @throws PeerError `catalog-invalid` of the catalog to merge, those of {@link examineTarget} and {@link measureGames}, and
 *   `disk-full`. Nothing was written then.
 */
export async function buildCatalog(options: BuildCatalogOptions): Promise<BuiltCatalog> {
  const { signal } = options;
  const gamesDir = resolve(options.gamesDir);
  checkName(options.name);
  await readEarlier(options, gamesDir);
  const { games: measured, failed, skipped } = await measureGames({ ...options, gamesDir });
  const { target, earlier } = await readEarlier(options, gamesDir);
  const failedIds = new Set(failed.map(({ id }) => id));
  const { name, games, kept } = mergeCatalog({
    ...(options.name === undefined ? {} : { name: options.name }),
    defaultName: defaultName(gamesDir),
    measured,
    earlier,
    isDropped: (id) => options.prune === true && !failedIds.has(id),
  });
  const text = catalogToText({ name, games });
  // What is written must be what everybody can read.
  createCatalog(text, target?.path ?? "the new catalog");
  signal?.throwIfAborted();
  const file = target !== null && measured.length > 0 ? target.path : null;
  const mode = target?.mode ?? null;
  if (file !== null)
    await writeFileDurably(file, text, { isForeign: true, ...(mode === null ? {} : { mode }) });
  return { name, games, measured: measured.map(({ id }) => id), failed, kept, skipped, text, file };
}

interface Earlier {
  readonly target: TargetFile | null;
  /** The one to merge first. */
  readonly earlier: readonly CatalogContent[];
}

async function readEarlier(options: BuildCatalogOptions, gamesDir: string): Promise<Earlier> {
  const { out, merge, force = false, signal } = options;
  const within = signal === undefined ? {} : { signal };
  const given = merge === undefined ? null : await openCatalog(merge, within);
  const target = out === undefined ? null : await examineTarget(out, { gamesDir, force, ...within });
  const catalogs = [given, target?.catalog ?? null].filter((catalog) => catalog !== null);
  return { target, earlier: catalogs.map(contentOf) };
}

function contentOf(catalog: Catalog): CatalogContent {
  return { name: catalog.name ?? "", games: catalog.entries() };
}

function checkName(name: string | undefined): void {
  if (name === undefined || catalogFileSchema.shape.name.safeParse(name).success) return;
  throw new PeerError("bad-request", "the name of a catalog has 1 to 200 characters");
}

/** The directory's own name; the root of a drive has none. */
function defaultName(gamesDir: string): string {
  const name = basename(gamesDir);
  return catalogFileSchema.shape.name.safeParse(name).success ? name : "games";
}
