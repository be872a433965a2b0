import {
  checkPathSet,
  checkWirePath,
  gameIdSchema,
  gameVersionSchema,
  hashSchema,
  MAX_MANIFEST_FILES,
} from "@lanspread/proto";
import { z } from "zod";
import { isReservedOrLocalPath, isSealed, SENTINEL_NAME, seal } from "../storage/index.ts";

/** A file of the download. */
export interface JournalFile {
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** Whether the old version has a file of this very path. */
  readonly old: boolean;
}

type FileRow = readonly [path: string, size: number, old: 0 | 1];

/**
 * Rows are checked by hand, since there may be 100,000. Whatever the file says, nothing but payload is named: what it
 * names may be removed.
 */
function isFileRow(row: unknown): row is FileRow {
  if (!Array.isArray(row) || row.length !== 3) return false;
  const [path, size, old]: unknown[] = row;
  return isPayloadPath(path) && Number.isSafeInteger(size) && Number(size) >= 0 && (old === 0 || old === 1);
}

function isPayloadPath(path: unknown): path is string {
  return typeof path === "string" && checkWirePath(path) === null && !isReservedOrLocalPath(path);
}

const filesSchema = z.custom<readonly FileRow[]>(
  (value) =>
    Array.isArray(value) &&
    value.length <= MAX_MANIFEST_FILES &&
    value.every(isFileRow) &&
    checkPathSet(value.map((row: FileRow) => row[0])) === null,
  "a list of payload path, size, and 0 or 1 is expected",
);

const oldFilesSchema = z.custom<readonly string[]>(
  (value) => Array.isArray(value) && value.every((path) => isPayloadPath(path) && path !== SENTINEL_NAME),
  "a list of payload paths is expected",
);

const fileSchema = z.strictObject({
  format: z.literal(1),
  game_id: gameIdSchema,
  root: z.string(),
  version: gameVersionSchema,
  manifest_hash: hashSchema,
  content_id: hashSchema.nullable(),
  piece_size: z.int().positive(),
  old_sentinel: z.boolean(),
  touched: z.boolean(),
  files: filesSchema,
  old_files: oldFilesSchema,
  sha256: z.string(),
});

const sealedSchema = fileSchema.refine(isSealed, "it is not as it was written");

/** What `download.json` says: the written intent that makes the files of a download ours. */
export const journalRecordSchema = sealedSchema.transform((file) => ({
  gameId: file.game_id,
  /** The game root: of another one the journal says nothing. */
  root: file.root,
  version: file.version,
  manifestHash: file.manifest_hash,
  /** Null where the pieces could not be verified when they came. */
  contentId: file.content_id,
  pieceSize: file.piece_size,
  /** Whether there was a downloaded game that this download replaces. */
  oldSentinel: file.old_sentinel,
  /** Whether a byte of the old version may have been changed or removed. */
  touched: file.touched,
  /** In manifest order. */
  files: file.files.map(([path, size, old]): JournalFile => ({ path, size, old: old === 1 })),
  /** Files of the old version that the new one lacks. */
  oldFiles: file.old_files,
}));

export type JournalRecord = z.infer<typeof journalRecordSchema>;

export function journalToJson(record: JournalRecord): string {
  const file: Omit<z.input<typeof fileSchema>, "sha256"> = {
    format: 1,
    game_id: record.gameId,
    root: record.root,
    version: record.version,
    manifest_hash: record.manifestHash,
    content_id: record.contentId,
    piece_size: record.pieceSize,
    old_sentinel: record.oldSentinel,
    touched: record.touched,
    files: record.files.map(({ path, size, old }): FileRow => [path, size, old ? 1 : 0]),
    old_files: record.oldFiles,
  };
  return seal(file);
}
