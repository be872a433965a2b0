import { createHash } from "node:crypto";
import { join } from "node:path";
import { DIGEST_BYTES, type PieceLayout } from "@lanspread/proto";
import { PeerError } from "../errors/index.ts";
import type { WalkedFile } from "../library/index.ts";
import type { StateDir } from "../storage/index.ts";
import { TRANSFER_BUFFER_BYTES } from "../transfer/index.ts";
import { MAX_NAMED } from "./constants.ts";
import { discardPartial } from "./discard.ts";
import { inTheWay } from "./file-state.ts";
import type { Journal } from "./journal.ts";
import type { JournalRecord } from "./journal-record.ts";
import type { Payload } from "./payload.ts";
import type { Removers } from "./remove-payload.ts";
import { openBelow } from "./safe-path.ts";

export interface InPlaceOptions extends Removers {
  readonly journal: Pick<Journal, "record">;
  readonly layout: PieceLayout;
  readonly payload: Pick<Payload, "inspect">;
  /** 32 bytes per piece: of what came. */
  readonly digests: Uint8Array;
  readonly stateDir: StateDir;
  readonly signal: AbortSignal;
  /** Told that no cancellation has to answer for the journal any more. */
  readonly undoes: (record: null) => void;
}

/**
 * Refuses to commit a download whose files are not all at their paths any more.
 *
 * Where files are missing, the next download fetches them again. Where something else lies at a path it is the user's:
 * it stays, the rest of the download is removed, and no journal claims anything.
 *
 * @returns the files of which it is sure how they lie on the disk, by path
 * @throws PeerError `no-such-file`, `already-exists`, naming the files
 */
export async function requireInPlace(
  options: InPlaceOptions,
): Promise<ReadonlyMap<WalkedFile["path"], WalkedFile>> {
  const { journal, payload, stateDir, signal, undoes } = options;
  const foreign = new Set<number>();
  const missing: string[] = [];
  const { misplaced, mtimesNs } = await payload.inspect(signal);
  const { record } = journal;
  for (const [index, state] of misplaced) {
    const path = record.files[index]?.path ?? "";
    if (state === "missing") missing.push(join(record.root, path));
    else if (state !== "ours" || !(await hasContent(options, index))) foreign.add(index);
  }
  const [first] = foreign;
  if (first !== undefined) {
    undoes(null);
    const files = record.files.filter((_, index) => !foreign.has(index));
    await discardPartial(stateDir, { ...record, files }, options);
    throw inTheWay(join(record.root, record.files[first]?.path ?? ""));
  }
  if (missing.length === 0) return seenFiles(record, mtimesNs);
  const more = missing.length > MAX_NAMED ? ` and ${missing.length - MAX_NAMED} more` : "";
  throw new PeerError(
    "no-such-file",
    `${missing.slice(0, MAX_NAMED).join(", ")}${more}: deleted or moved while ${record.gameId} was downloaded`,
    { hint: "Start the download again: it fetches only what is missing." },
  );
}

/** Windows says when an open file was written only after it is closed, and some are open still. */
function seenFiles(
  { files }: JournalRecord,
  mtimesNs: ReadonlyMap<number, string>,
): ReadonlyMap<string, WalkedFile> {
  const seen = new Map<string, WalkedFile>();
  if (process.platform === "win32") return seen;
  for (const [index, mtimeNs] of mtimesNs) {
    const file = files[index];
    if (file !== undefined) seen.set(file.path, { path: file.path, size: file.size, mtimeNs });
  }
  return seen;
}

/** Whether the file at the path, whichever it is, has the bytes that came. */
async function hasContent(
  { journal, layout, digests, signal }: InPlaceOptions,
  index: number,
): Promise<boolean> {
  const { path, size } = layout.files[index] ?? { path: "", size: 0 };
  const { first, end } = layout.piecesOfFile(index);
  await using file = await openBelow(journal.record.root, path);
  const buffer = Buffer.allocUnsafe(Math.min(TRANSFER_BUFFER_BYTES, Math.max(size, 1)));
  for (let piece = first; piece < end; piece++) {
    const { offset, length } = layout.pieceAt(piece);
    const hash = createHash("sha256");
    for (let at = 0; at < length; ) {
      signal.throwIfAborted();
      const wanted = Math.min(buffer.length, length - at);
      const { bytesRead } = await file.read(buffer, 0, wanted, offset + at);
      if (bytesRead === 0) return false;
      hash.update(buffer.subarray(0, bytesRead));
      at += bytesRead;
    }
    const start = piece * DIGEST_BYTES;
    if (!hash.digest().equals(digests.subarray(start, start + DIGEST_BYTES))) return false;
  }
  return true;
}
