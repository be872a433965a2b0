import { type FileHandle, open, rm } from "node:fs/promises";
import { type GameId, type Hash, pieceLayout } from "@lanspread/proto";
import { errnoOf, fromNodeError } from "../errors/index.ts";
import {
  ensureGameDir,
  flushDirectory,
  PRIVATE_FILE_MODE,
  type RegularFile,
  readJson,
  readRegularFile,
  type StateDir,
  writeFileDurably,
} from "../storage/index.ts";
import { MAX_PIECES_FILE_BYTES } from "./constants.ts";
import { type JournalRecord, journalRecordSchema, journalToJson } from "./journal-record.ts";
import { decodePieces, encodePieces, encodeRun, type PieceRun, type PiecesFile } from "./pieces-file.ts";

/** What the journal directory of a game says. */
export type FoundJournal =
  | { readonly status: "missing" }
  /** There was one, and nothing is known any more of what it said. */
  | { readonly status: "damaged"; readonly reason: string }
  | {
      readonly status: "found";
      readonly record: JournalRecord;
      /** Nothing done where the file is missing, nothing sure where it is damaged. */
      readonly pieces: PiecesFile;
      /** The file of the pieces is missing: who discards a download removes it first ({@link removePieces}), and was interrupted. */
      readonly isDiscarded: boolean;
    };

/** Reads the journal of a game. A damaged one is set aside. */
export async function readJournal(stateDir: StateDir, gameId: GameId): Promise<FoundJournal> {
  const file = await readJson(stateDir.downloadJournal(gameId), journalRecordSchema);
  const bitmap = await readRegularFile(stateDir.downloadBitmap(gameId), MAX_PIECES_FILE_BYTES);
  if (file.status === "missing" && bitmap.status === "missing") return { status: "missing" };
  if (file.status === "missing") return { status: "damaged", reason: "download.json is missing" };
  if (file.status === "damaged") return { status: "damaged", reason: file.reason };
  const record = file.value;
  if (record.gameId !== gameId) return { status: "damaged", reason: `it is about ${record.gameId}` };
  const isDiscarded = bitmap.status === "missing";
  return { status: "found", record, pieces: piecesOf(record, bitmap), isDiscarded };
}

function piecesOf(record: JournalRecord, bitmap: RegularFile): PiecesFile {
  const layout = pieceLayout({ piece_size: record.pieceSize, files: record.files });
  const done = new Uint8Array(layout.pieceCount);
  if (bitmap.status === "missing") return { done, begun: [] };
  const pieces =
    bitmap.status === "ok" ? decodePieces(bitmap.bytes, record.manifestHash, layout.pieceCount) : null;
  if (pieces !== null) return pieces;
  // Damaged: every piece may be there.
  const begun = [...record.files.keys()]
    .map((fileIndex) => layout.piecesOfFile(fileIndex))
    .map(({ first, end }) => ({ first, count: end - first }))
    .filter(({ count }) => count > 0);
  return { done, begun };
}

/** Forgets a download. What it did on disk is settled before. */
export async function removeJournal(stateDir: StateDir, gameId: GameId): Promise<void> {
  // In this order: `pieces` alone would be a journal that lost what it speaks of.
  const paths = [stateDir.downloadBitmap(gameId), stateDir.downloadJournal(gameId)];
  for (const path of paths) {
    try {
      await rm(path, { force: true });
    } catch (error) {
      throw fromNodeError(error, path);
    }
  }
  try {
    await flushDirectory(stateDir.gameDir(gameId));
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw fromNodeError(error, stateDir.gameDir(gameId));
  }
}

/** Forgets which pieces are done, before their bytes are removed. */
export async function removePieces(stateDir: StateDir, gameId: GameId): Promise<void> {
  const path = stateDir.downloadBitmap(gameId);
  try {
    await rm(path, { force: true });
  } catch (error) {
    throw fromNodeError(error, path);
  }
}

/** The journal of a running download. Its owner closes it. */
export interface Journal extends AsyncDisposable {
  readonly record: JournalRecord;
  /** Notes durably that bytes of the old version are about to change. */
  touch(): Promise<void>;
  /** Notes durably that these files of the old version are gone. */
  forget(oldFiles: readonly string[]): Promise<void>;
  /** Notes durably which pieces are flushed, and that nothing else has begun but `begun`. */
  note(done: Uint8Array, begun: readonly PieceRun[]): Promise<void>;
  /** Notes that pieces may come to be on disk from now on. Survives a killed process. */
  begin(run: PieceRun): Promise<void>;
}

/**
 * Begins the journal of a download, or goes on with one: `record` and `pieces` are written durably.
 *
 * @param resumes whether there is a journal of the same manifest; else there must be none
 */
export async function openJournal(
  stateDir: StateDir,
  record: JournalRecord,
  pieces: PiecesFile,
  resumes: boolean,
): Promise<Journal> {
  await ensureGameDir(stateDir, record.gameId);
  const journal = new OpenJournal(stateDir, record, stateDir.downloadBitmap(record.gameId));
  // Pieces that count no longer must be forgotten before the record says what the others are.
  if (resumes) await journal.note(pieces.done, pieces.begun);
  await writeRecord(stateDir, record);
  if (!resumes) await journal.note(pieces.done, pieces.begun);
  return journal;
}

/** Encoded runs, and when they are in the file. */
interface WaitingRuns {
  readonly runs: Uint8Array[];
  readonly written: Promise<void>;
}

class OpenJournal implements Journal {
  readonly #stateDir: StateDir;
  readonly #path: string;
  readonly #manifestHash: Hash;
  #record: JournalRecord;
  #file: FileHandle | undefined;
  /** Changes of the file go one after the other. */
  #last: Promise<void> = Promise.resolve();
  /** Runs that wait for the change before them, and go into the file at once: small files begin by the hundred. */
  #waiting: WaitingRuns | undefined;

  constructor(stateDir: StateDir, record: JournalRecord, path: string) {
    this.#stateDir = stateDir;
    this.#record = record;
    this.#path = path;
    this.#manifestHash = record.manifestHash;
  }

  get record(): JournalRecord {
    return this.#record;
  }

  async touch(): Promise<void> {
    const touched = { ...this.#record, touched: true };
    await writeRecord(this.#stateDir, touched);
    this.#record = touched;
  }

  async forget(oldFiles: readonly string[]): Promise<void> {
    const gone = new Set(oldFiles);
    const record = { ...this.#record, oldFiles: this.#record.oldFiles.filter((path) => !gone.has(path)) };
    await writeRecord(this.#stateDir, record);
    this.#record = record;
  }

  note(done: Uint8Array, begun: readonly PieceRun[]): Promise<void> {
    const bytes = encodePieces(this.#manifestHash, done, begun);
    // What begins from now on belongs behind this note, which does not know of it.
    this.#waiting = undefined;
    return this.#inTurn(async () => {
      await this.#close();
      await writeFileDurably(this.#path, bytes, { mode: PRIVATE_FILE_MODE });
      this.#file = await open(this.#path, "a");
    });
  }

  begin(run: PieceRun): Promise<void> {
    this.#waiting ??= this.#appendLater();
    this.#waiting.runs.push(encodeRun(run));
    return this.#waiting.written;
  }

  #appendLater(): WaitingRuns {
    const runs: Uint8Array[] = [];
    const written = this.#inTurn(async () => {
      if (this.#waiting?.runs === runs) this.#waiting = undefined;
      await this.#file?.appendFile(Buffer.concat(runs));
    });
    return { runs, written };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#inTurn(() => this.#close());
  }

  async #close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }

  #inTurn(change: () => Promise<void>): Promise<void> {
    const work = this.#last.then(async () => {
      try {
        await change();
      } catch (error) {
        throw fromNodeError(error, this.#path);
      }
    });
    this.#last = work.catch(() => {});
    return work;
  }
}

async function writeRecord(stateDir: StateDir, record: JournalRecord): Promise<void> {
  const path = stateDir.downloadJournal(record.gameId);
  await writeFileDurably(path, journalToJson(record), { mode: PRIVATE_FILE_MODE });
}
