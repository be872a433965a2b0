import type { GameVersion, ListedPeer, PeerId } from "@lanspread/proto";
import type { GameDetails, OperationProgress } from "../../../protocol/snapshot.ts";
import { isNewer } from "../shared/versions.ts";

/** Somebody who has a game, or from whom it comes. */
export interface HolderRow {
  readonly peerId: PeerId;
  /** Null where they have left. */
  readonly name: string | null;
  /** Null where they do not offer it any more. */
  readonly version: GameVersion | null;
  /** Null where it is the same. */
  readonly age: "newer" | "older" | null;
  /** What has come from them; null where nothing is coming. */
  readonly source: HolderSource | null;
}

export interface HolderSource {
  readonly bytes: number;
  /** Of everything that is fetched, 0 to 1. */
  readonly share: number;
  readonly bytesPerSecond: number;
}

export interface HolderRowsOptions {
  readonly holders: GameDetails["holders"];
  readonly peers: readonly ListedPeer[];
  readonly progress: OperationProgress | undefined;
  /** Version that theirs are newer or older than: the one that is here, else the newest one. */
  readonly than: GameVersion | null;
}

/** Who has a game: first those from whom most has come, then by name. */
export function holderRows(options: HolderRowsOptions): readonly HolderRow[] {
  const { holders, peers, progress, than } = options;
  const names = new Map(peers.map(({ peerId, name }) => [peerId, name]));
  const ids = new Set([...Object.keys(holders), ...Object.keys(progress?.fetched ?? {})] as PeerId[]);
  const rows = [...ids].map((peerId): HolderRow => {
    const version = holders[peerId] ?? null;
    return {
      peerId,
      name: names.get(peerId) ?? null,
      version,
      age: ageOf(version, than),
      source: sourceOf(peerId, progress),
    };
  });
  return rows.sort(
    (a, b) => (b.source?.bytes ?? -1) - (a.source?.bytes ?? -1) || (a.name ?? "").localeCompare(b.name ?? ""),
  );
}

function ageOf(version: GameVersion | null, than: GameVersion | null): HolderRow["age"] {
  if (version === null || than === null) return null;
  if (isNewer(version, than)) return "newer";
  return isNewer(than, version) ? "older" : null;
}

function sourceOf(peerId: PeerId, progress: OperationProgress | undefined): HolderSource | null {
  const bytesPerSecond = progress?.rates[peerId];
  const bytes = progress?.fetched[peerId];
  if (progress === undefined || (bytesPerSecond === undefined && bytes === undefined)) return null;
  const { totalBytes } = progress;
  return {
    bytes: bytes ?? 0,
    share: totalBytes > 0 ? Math.min(1, (bytes ?? 0) / totalBytes) : 0,
    bytesPerSecond: bytesPerSecond ?? 0,
  };
}
