import type { GameSummary, LocalGame } from "@lanspread/proto";
import type { Catalog } from "../catalog/index.ts";
import { type IndexEntry, sizeOf } from "./entry.ts";
import { formatVersion } from "./version.ts";

/** What the user is shown of a root; null for one that holds no game (nothing, or only a partial download). */
export function localGameOf(entry: IndexEntry, catalog: Catalog, busy: boolean): LocalGame | null {
  const downloaded = entry.version !== null;
  const warnings = [...entry.warnings, ...entry.refusals.map((refusal) => `is not shared: ${refusal}`)];
  const wanted = catalog.versionOf(entry.id);
  if (entry.version !== null && wanted !== undefined && wanted !== entry.version) {
    const [has, wants] = [formatVersion(entry.version), formatVersion(wanted)];
    warnings.push(`is not shared: it has version ${has}, this party plays ${wants}`);
  }
  if (!downloaded && !entry.installed && warnings.length === 0) return null;
  return {
    id: entry.id,
    version: entry.version,
    size: sizeOf(entry),
    downloaded,
    installed: entry.installed,
    availability: !busy && isServable(entry, catalog) ? "ready" : "local_only",
    manifestHash: entry.manifestHash,
    contentId: entry.contentId,
    warnings,
  };
}

/** What other peers are told of a root; null for what is not announced. */
export function summaryOf(entry: IndexEntry, catalog: Catalog, busy: boolean): GameSummary | null {
  const { version, manifestHash } = entry;
  if (busy || version === null || manifestHash === null || entry.refusals.length > 0) return null;
  return {
    id: entry.id,
    name: catalog.entry(entry.id)?.name ?? entry.id,
    version,
    size: sizeOf(entry),
    downloaded: true,
    installed: entry.installed,
    manifest_hash: manifestHash,
    content_id: entry.contentId,
    availability: isServable(entry, catalog) ? "ready" : "local_only",
  };
}

/** Whether the game may be served while no operation is active: whole, by the rules, and of the catalog's version. */
export function isServable(entry: IndexEntry, catalog: Catalog): boolean {
  if (entry.version === null || entry.refusals.length > 0) return false;
  const wanted = catalog.versionOf(entry.id);
  return wanted === undefined || wanted === entry.version;
}
