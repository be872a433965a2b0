import {
  type GameId,
  type GameVersion,
  gameIdSchema,
  gameVersionSchema,
  type Hash,
  hashSchema,
  type Manifest,
  pieceSizeFor,
} from "@lanspread/proto";
import { z } from "zod";
import { isSealed, isSealedText, sealText } from "../storage/index.ts";
import { giveWay } from "./give-way.ts";
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

type FileRow = readonly [path: string, size: number, mtimeNs: string];

/**
 * Rows are checked by hand: a game may have 100,000 of them, and a schema for each would keep the start-up busy.
 */
function isFileRow(row: unknown): row is FileRow {
  if (!Array.isArray(row) || row.length !== 3) return false;
  const [path, size, mtimeNs]: unknown[] = row;
  return (
    typeof path === "string" &&
    path !== "" &&
    typeof size === "number" &&
    Number.isSafeInteger(size) &&
    size >= 0 &&
    typeof mtimeNs === "string"
  );
}

const filesSchema = z.custom<readonly FileRow[]>(
  (value) => Array.isArray(value) && value.every(isFileRow),
  "a list of path, size and time is expected",
);

const entryFileSchema = z.strictObject({
  format: z.literal(1),
  id: gameIdSchema,
  fingerprint: z.string(),
  version: gameVersionSchema.nullable(),
  installed: z.boolean(),
  files: filesSchema,
  manifest_hash: hashSchema.nullable(),
  refusals: z.array(z.string()),
  warnings: z.array(z.string()),
  content_id: hashSchema.nullable(),
  pieces: z.string().nullable(),
  sha256: z.string(),
});

type EntryFile = z.output<typeof entryFileSchema>;

/** An entry's file. What is not as it was written, or contradicts itself, is damaged. */
export const entrySchema = entryFileSchema
  .refine(isSealed, { message: "the entry is not as it was written", abort: true })
  .transform(entryOf);

/** The same for a file whose seal was looked at already. */
const sealedEntrySchema = entryFileSchema.transform(entryOf);

/** The entry in the text of its file; undefined where the text is not as it was written. */
export async function parseEntry(text: string): Promise<IndexEntry | undefined> {
  const files = Math.floor(text.length / ROW_CHARACTERS);
  if (!isSealedText(text)) return undefined;
  await giveWay(files);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return undefined;
  }
  await giveWay(files);
  return sealedEntrySchema.safeParse(json).data;
}

/** What a file takes of an entry's text at least: its time, its size, and some path. */
const ROW_CHARACTERS = 40;

function entryOf(file: EntryFile, context: z.RefinementCtx): IndexEntry {
  const files = file.files.map(([path, size, mtimeNs]) => ({ path, size, mtimeNs }));
  const consistent =
    (file.version === null) === (file.manifest_hash === null) &&
    (file.content_id === null) === (file.pieces === null) &&
    (file.pieces === null || Buffer.byteLength(file.pieces, "base64") === digestBytes(files));
  if (!consistent) {
    context.addIssue({ code: "custom", message: "the entry contradicts itself" });
    return z.NEVER;
  }
  return {
    id: file.id,
    fingerprint: file.fingerprint,
    version: file.version,
    installed: file.installed,
    files,
    manifestHash: file.manifest_hash,
    refusals: file.refusals,
    warnings: file.warnings,
    contentId: file.content_id,
    pieces: file.pieces,
  };
}

/** The text of an entry's file. */
export async function entryToJson(entry: IndexEntry): Promise<string> {
  const file: Omit<z.input<typeof entryFileSchema>, "sha256"> = {
    format: 1,
    id: entry.id,
    fingerprint: entry.fingerprint,
    version: entry.version,
    installed: entry.installed,
    files: entry.files.map(({ path, size, mtimeNs }) => [path, size, mtimeNs] as const),
    manifest_hash: entry.manifestHash,
    refusals: [...entry.refusals],
    warnings: [...entry.warnings],
    content_id: entry.contentId,
    pieces: entry.pieces,
  };
  const json = JSON.stringify(file);
  await giveWay(entry.files.length);
  return sealText(json);
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
