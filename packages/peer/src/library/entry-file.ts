import { setImmediate } from "node:timers/promises";
import { type GameId, type GameVersion, type Hash, isGameId, isGameVersion, isHash } from "@lanspread/proto";
import { z } from "zod";
import { isSealed, isSealedText, sealText } from "../storage/index.ts";
import { LARGE_ENTRY_CHARACTERS } from "./constants.ts";
import { digestBytes, type IndexEntry } from "./entry.ts";
import { giveWay } from "./give-way.ts";

type FileRow = readonly [path: string, size: number, mtimeNs: string];

/** What an entry's file holds. */
interface EntryFile {
  readonly format: 1;
  readonly id: GameId;
  readonly fingerprint: string;
  readonly version: GameVersion | null;
  readonly installed: boolean;
  readonly files: readonly FileRow[];
  readonly manifest_hash: Hash | null;
  readonly refusals: readonly string[];
  readonly warnings: readonly string[];
  readonly content_id: Hash | null;
  readonly pieces: string | null;
  readonly sha256: string;
}

type Check = (value: unknown) => boolean;

const isText: Check = (value) => typeof value === "string";
const isTexts: Check = (value) => Array.isArray(value) && value.every(isText);
const isFileRows: Check = (value) => Array.isArray(value) && value.every(isFileRow);
const isHashOrNull: Check = (value) => value === null || (typeof value === "string" && isHash(value));

/** The fields that there must be, and no others. */
const CHECKS: Readonly<Record<keyof EntryFile, Check>> = {
  format: (value) => value === 1,
  id: (value) => typeof value === "string" && isGameId(value),
  fingerprint: isText,
  version: (value) => value === null || (typeof value === "string" && isGameVersion(value)),
  installed: (value) => typeof value === "boolean",
  files: isFileRows,
  manifest_hash: isHashOrNull,
  refusals: isTexts,
  warnings: isTexts,
  content_id: isHashOrNull,
  pieces: (value) => value === null || typeof value === "string",
  sha256: isText,
};
const FIELDS = Object.keys(CHECKS) as readonly (keyof EntryFile)[];

/**
 * Checked by hand: every start reads the files of all games, and schemas of these fields took most of the processor time of a start
 * over a thousand unchanged ones. A game may also have 100,000 rows.
 */
function isEntryFile(value: unknown): value is EntryFile {
  if (!isRecord(value)) return false;
  return Object.keys(value).length === FIELDS.length && FIELDS.every((field) => CHECKS[field](value[field]));
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

function isFileRow(row: unknown): row is FileRow {
  if (!Array.isArray(row) || row.length !== 3) return false;
  // One by one: taking an array apart goes through its iterator, which is most of the work while the code is not compiled yet.
  const path: unknown = row[0];
  const size: unknown = row[1];
  const mtimeNs: unknown = row[2];
  return (
    typeof path === "string" &&
    path !== "" &&
    typeof size === "number" &&
    Number.isSafeInteger(size) &&
    size >= 0 &&
    typeof mtimeNs === "string"
  );
}

/** An entry's file. What is not as it was written, or contradicts itself, is damaged. */
export const entrySchema = z
  .custom<EntryFile>(isEntryFile, { message: "it has other fields than an entry has", abort: true })
  .refine(isSealed, { message: "the entry is not as it was written", abort: true })
  .transform((file, context) => {
    const entry = entryOf(file);
    if (entry !== undefined) return entry;
    context.addIssue({ code: "custom", message: "the entry contradicts itself" });
    return z.NEVER;
  });

/** The entry in the text of its file; undefined where the text is not as it was written. */
export async function parseEntry(text: string): Promise<IndexEntry | undefined> {
  const isLarge = text.length > LARGE_ENTRY_CHARACTERS;
  if (!isSealedText(text)) return undefined;
  if (isLarge) await setImmediate();
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (isLarge) await setImmediate();
  return isEntryFile(json) ? entryOf(json) : undefined;
}

/** Undefined where the entry contradicts itself. */
function entryOf(file: EntryFile): IndexEntry | undefined {
  const files = file.files.map((row) => ({ path: row[0], size: row[1], mtimeNs: row[2] }));
  const consistent =
    (file.version === null) === (file.manifest_hash === null) &&
    (file.content_id === null) === (file.pieces === null) &&
    (file.pieces === null || Buffer.byteLength(file.pieces, "base64") === digestBytes(files));
  if (!consistent) return undefined;
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
  const file: Omit<EntryFile, "sha256"> = {
    format: 1,
    id: entry.id,
    fingerprint: entry.fingerprint,
    version: entry.version,
    installed: entry.installed,
    files: entry.files.map(({ path, size, mtimeNs }) => [path, size, mtimeNs] as const),
    manifest_hash: entry.manifestHash,
    refusals: entry.refusals,
    warnings: entry.warnings,
    content_id: entry.contentId,
    pieces: entry.pieces,
  };
  const json = JSON.stringify(file);
  await giveWay(entry.files.length);
  return sealText(json);
}
