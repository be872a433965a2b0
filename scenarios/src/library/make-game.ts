import { createHash } from "node:crypto";
import { mkdir, open, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import {
  type Rar5Entry,
  seededBytes,
  seededChunks,
  type WrittenRar5,
  writeRar5,
  zeroChunks,
} from "@lanspread/testkit";
import type { FileDigest, TreeDigest } from "../tree-digest.ts";

const CHUNK_BYTES = 1_048_576;

/** What is in a file: a text, or that many bytes that no other file has. */
export type FileContent = string | number;

/** Such bytes with holes between them: parts one behind the other. */
export interface SparseContent {
  readonly parts: readonly SparsePart[];
}

/** That many bytes as they would be here without holes, or that many zeros: they take no room on disk where it knows holes. */
export type SparsePart = number | { readonly zeros: number };

/** One archive at the root of a game. */
export interface ArchivePlan {
  /** Files by path, `/` between components. */
  readonly files: Readonly<Record<string, FileContent | SparseContent>>;
  /** Folders without a file. */
  readonly emptyFolders?: readonly string[];
  /** Plants a fault into the last file that has bytes: a checksum that is not that of its bytes. */
  readonly damaged?: true;
}

/** A game to be made. */
export interface GamePlan {
  readonly id: string;
  readonly version: string;
  /** RAR5 archives by file name, such as `ggoo.eti`. */
  readonly archives: Readonly<Record<string, ArchivePlan>>;
  /** Files beside the archives: transferred as they are, not unpacked. */
  readonly loose?: Readonly<Record<string, FileContent>>;
  /** Games with the same seed and the same files have the same bytes. */
  readonly seed: number;
}

/** What was made. */
export interface MadeGame {
  /** What went into the archives: what an install has to put into `local/`. */
  readonly entries: TreeDigest;
  /** Bytes of all archives. */
  readonly archiveBytes: number;
}

/** Makes a game in the folder `root`, which must not be there: its files, its archives, and `version.ini` last. */
export async function makeGame(plan: GamePlan, root: string, signal: AbortSignal): Promise<MadeGame> {
  await mkdir(root);
  const entries = new Map<string, FileDigest>();
  let seed = plan.seed;
  for (const [path, content] of Object.entries(plan.loose ?? {})) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeLoose(join(root, path), content, seed++, signal);
  }
  let archiveBytes = 0;
  for (const [name, archive] of Object.entries(plan.archives)) {
    const written = await writeArchive(join(root, name), archive, { seed, entries, signal });
    seed += Object.keys(archive.files).length;
    archiveBytes += written.size;
  }
  await writeFile(join(root, "version.ini"), `${plan.version}\n`);
  return { entries, archiveBytes };
}

interface Making {
  readonly seed: number;
  /** Filled with what goes in. */
  readonly entries: Map<string, FileDigest>;
  readonly signal: AbortSignal;
}

function writeArchive(path: string, plan: ArchivePlan, making: Making): Promise<WrittenRar5> {
  const folders = (plan.emptyFolders ?? []).map((name): Rar5Entry => ({ type: "directory", name }));
  const named = Object.entries(plan.files);
  const lastWithBytes = named.findLastIndex(([, content]) => content !== 0 && content !== "");
  const files = named.map(([name, content], index): Rar5Entry => {
    const isDamaged = plan.damaged === true && index === lastWithBytes;
    return { name, content: asEntry(name, content, index, making), ...(isDamaged ? { damage: "crc" } : {}) };
  });
  return writeRar5(path, [...folders, ...files]);
}

function asEntry(
  name: string,
  content: FileContent | SparseContent,
  index: number,
  { seed, entries, signal }: Making,
) {
  const note = (size: number, sha256: string): void => void entries.set(name, { size, sha256 });
  if (typeof content === "string") {
    note(Buffer.byteLength(content), createHash("sha256").update(content).digest("hex"));
    return content;
  }
  // Its digest is not needed by anybody: holes are compared by the archive they are in.
  if (typeof content === "object") {
    const chunks = (): Generator<Uint8Array> => sparseChunks(seed + index, content, signal);
    return { size: sizeOf(content), chunks };
  }
  if (content === 0) note(0, createHash("sha256").digest("hex"));
  const chunks = function* (): Generator<Uint8Array> {
    const hash = createHash("sha256");
    let left = content;
    for (const chunk of seededChunks(seed + index, content)) {
      signal.throwIfAborted();
      hash.update(chunk);
      left -= chunk.length;
      // With the last chunk, not behind it: the writer has its bytes then, and asks for no more.
      if (left === 0) note(content, hash.digest("hex"));
      yield chunk;
    }
  };
  return { size: content, chunks };
}

async function writeLoose(
  path: string,
  content: FileContent,
  seed: number,
  signal: AbortSignal,
): Promise<void> {
  if (typeof content === "string") return writeFile(path, content);
  await using file = await open(path, "w");
  for (const chunk of seededChunks(seed, content)) {
    signal.throwIfAborted();
    await file.writeFile(chunk);
  }
}

function sizeOf({ parts }: SparseContent): number {
  return parts.reduce<number>((sum, part) => sum + bytesOf(part), 0);
}

function bytesOf(part: SparsePart): number {
  return typeof part === "number" ? part : part.zeros;
}

function* sparseChunks(seed: number, { parts }: SparseContent, signal: AbortSignal): Generator<Uint8Array> {
  let offset = 0;
  for (const part of parts) {
    const end = offset + bytesOf(part);
    if (typeof part === "object") yield* zeroChunks(part.zeros);
    for (let at = offset; typeof part === "number" && at < end; at += CHUNK_BYTES) {
      signal.throwIfAborted();
      yield seededBytes(seed, Math.min(CHUNK_BYTES, end - at), at);
    }
    offset = end;
  }
}
