import { type GameId, type GameVersion, type Hash, type Manifest, pieceSizeFor } from "@lanspread/proto";
import type { WalkedFile } from "./walk.ts";

/** What is known of one game root. It never changes: a new look makes a new entry. */
export interface IndexEntry {
  readonly id: GameId;
  /** Of the look that this entry comes from. */
  readonly fingerprint: string;
  /** Of a valid sentinel: null means not downloaded. */
  readonly version: GameVersion | null;
  /** Whether `local/` is there. */
  readonly installed: boolean;
  /** The payload in manifest order; empty unless downloaded. */
  readonly files: readonly WalkedFile[];
  /** Null unless downloaded. */
  readonly manifestHash: Hash | null;
  /** Why the game cannot be served, path and rule each; usually none. */
  readonly refusals: readonly string[];
  /** For the user. */
  readonly warnings: readonly string[];
  /** Null until the pieces are hashed. */
  readonly contentId: Hash | null;
  /** 32 bytes per piece in base64; null until the pieces are hashed. */
  readonly pieces: string | null;
}

/** Bytes of the payload. */
export function sizeOf(entry: IndexEntry): number {
  return entry.files.reduce((sum, file) => sum + file.size, 0);
}

/** Bytes that the digests of all pieces take. */
export function digestBytes(files: readonly WalkedFile[]): number {
  const pieceSize = pieceSizeFor(files);
  return files.reduce((sum, file) => sum + Math.ceil(file.size / pieceSize), 0) * 32;
}

/** The digests of all pieces; null until they are computed. */
export function digestsOf(entry: IndexEntry): Uint8Array | null {
  return entry.pieces === null ? null : Buffer.from(entry.pieces, "base64");
}

/** The manifest as it goes over the wire; null for a game that is not downloaded or must not be served. */
export function manifestOf(entry: IndexEntry): Manifest | null {
  if (entry.version === null || entry.manifestHash === null || entry.refusals.length > 0) return null;
  return {
    game_id: entry.id,
    version: entry.version,
    manifest_hash: entry.manifestHash,
    content_id: entry.contentId,
    piece_size: pieceSizeFor(entry.files),
    files: entry.files.map(({ path, size }) => ({ path, size })),
  };
}

/** Whether two payloads are the same files, unchanged as far as size and time can tell. */
export function samePayload(a: readonly WalkedFile[], b: readonly WalkedFile[]): boolean {
  return (
    a.length === b.length &&
    a.every((file, index) => {
      const other = b[index];
      return other?.path === file.path && other.size === file.size && other.mtimeNs === file.mtimeNs;
    })
  );
}

/** Whether two looks found the same, as far as size and time can tell; digests are not compared. */
export function sameEntry(a: IndexEntry, b: IndexEntry): boolean {
  return (
    a.fingerprint === b.fingerprint &&
    a.version === b.version &&
    a.installed === b.installed &&
    a.manifestHash === b.manifestHash &&
    sameTexts(a.refusals, b.refusals) &&
    sameTexts(a.warnings, b.warnings) &&
    samePayload(a.files, b.files)
  );
}

function sameTexts(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((text, index) => text === b[index]);
}

/** Whether an entry is {@link unreadableEntry}'s. */
export function isUnread({ fingerprint }: IndexEntry): boolean {
  return fingerprint === "";
}

/** The entry of a root that cannot be read: no game, but a warning. It is not kept, so the root is read again. */
export function unreadableEntry(id: GameId, warning: string): IndexEntry {
  return {
    id,
    fingerprint: "",
    version: null,
    installed: false,
    files: [],
    manifestHash: null,
    refusals: [],
    warnings: [warning],
    contentId: null,
    pieces: null,
  };
}
