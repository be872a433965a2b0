import { join } from "node:path";
import { ancestorsOf, DIGEST_BYTES, foldCase, manifestProblem, type PieceLayout } from "@lanspread/proto";
import { PeerError } from "../errors/index.ts";
import { MAX_SENTINEL_BYTES } from "../library/constants.ts";
import { readSentinel, walkManifest } from "../library/index.ts";
import { mapLimited } from "../library/map-limited.ts";
import type { Logger } from "../logger.ts";
import { isReservedOrLocalPath, SENTINEL_NAME } from "../storage/index.ts";
import { FILES_AT_ONCE } from "./constants.ts";
import { fileState, inTheWay, writtenNs } from "./file-state.ts";
import { type FoundJournal, readJournal } from "./journal.ts";
import type { JournalRecord } from "./journal-record.ts";
import { compareOldVersion } from "./old-version.ts";
import type { PieceRun, PiecesFile } from "./pieces-file.ts";
import { checkDirectories, look } from "./safe-path.ts";
import type { DownloadOptions } from "./types.ts";

/** What a download has to begin with. Nothing has been changed yet. */
export type Start =
  /** The journal is about other content: what it made goes first, then one looks again. */
  | { readonly kind: "discard"; readonly record: JournalRecord }
  | {
      readonly kind: "new" | "resume";
      readonly record: JournalRecord;
      /** What is noted as flushed, and what may be there. */
      readonly pieces: PiecesFile;
      /** Files of the old version that must go before anything new is made. */
      readonly inTheWay: readonly string[];
    };

/**
 * Looks at the game root and the journal, and decides.
 *
 * @throws PeerError `forbidden-path`, `already-exists` (files that nothing proves to be ours), `no-such-directory`,
 *   `not-a-directory`, `no-permission`; nothing was changed then.
 */
export async function prepare(
  options: DownloadOptions,
  layout: PieceLayout,
  logger: Logger,
  signal: AbortSignal,
): Promise<Start> {
  const { gameId, root, stateDir, manifest } = options;
  checkManifest(options, layout);
  const there = await look(root);
  if (there !== null) await checkDirectories(root, SENTINEL_NAME);
  const journal = await readJournal(stateDir, gameId);
  const sentinel = there === null ? null : await readSentinel(root);
  if (sentinel?.status === "invalid") throw inTheWay(join(root, SENTINEL_NAME));
  if (sentinel?.status === "missing") {
    const own = ownJournal(journal, root, logger);
    if (own !== null && !isSameContent(own.record, options)) return { kind: "discard", record: own.record };
    if (own !== null) return await resumed(own.record, own.pieces, options, layout);
  }
  const oldPaths =
    sentinel?.status === "valid" ? (await walkManifest(root, { signal })).files.map(({ path }) => path) : [];
  const old = compareOldVersion(
    oldPaths,
    manifest.files.map(({ path }) => path),
  );
  const hasOld = sentinel?.status === "valid";
  if (there !== null) {
    const fresh = manifest.files
      .map(({ path }) => path)
      .filter((path) => !old.shared.has(path) && !(hasOld && path === SENTINEL_NAME));
    await refuseForeign(root, fresh, old.inTheWay);
  }
  const record: JournalRecord = {
    gameId,
    root,
    version: manifest.version,
    manifestHash: manifest.manifest_hash,
    contentId: manifest.content_id,
    pieceSize: manifest.piece_size,
    oldSentinel: hasOld,
    touched: false,
    files: manifest.files.map(({ path, size }) => ({ path, size, old: old.shared.has(path) })),
    oldFiles: old.gone,
  };
  const pieces = { done: new Uint8Array(layout.pieceCount), begun: [] };
  return { kind: "new", record, pieces, inTheWay: old.inTheWay };
}

/** What the sources say has passed the schema of the wire; this is what is true of a game root besides. */
function checkManifest({ gameId, manifest, digests }: DownloadOptions, layout: PieceLayout): void {
  const refuse = (why: string): never => {
    throw new PeerError("forbidden-path", `${gameId} cannot be downloaded: ${why}`);
  };
  if (manifest.game_id !== gameId) refuse(`the manifest is of ${manifest.game_id}`);
  const problem = manifestProblem(manifest);
  if (problem !== null) refuse(problem);
  for (const { path } of manifest.files) {
    if (isReservedOrLocalPath(path)) refuse(`${JSON.stringify(path)} is no payload but a reserved name`);
  }
  const sentinel = manifest.files.find(({ path }) => path === SENTINEL_NAME);
  if (sentinel === undefined) refuse(`its manifest has no ${SENTINEL_NAME}`);
  else if (sentinel.size === 0 || sentinel.size > MAX_SENTINEL_BYTES) {
    refuse(`its ${SENTINEL_NAME} has ${sentinel.size} bytes, 1 to ${MAX_SENTINEL_BYTES} are allowed`);
  }
  if (digests !== null && digests.length !== layout.pieceCount * DIGEST_BYTES) {
    throw new RangeError(`${digests.length} bytes of digests for ${layout.pieceCount} pieces`);
  }
}

function ownJournal(
  journal: FoundJournal,
  root: string,
  logger: Logger,
): { readonly record: JournalRecord; readonly pieces: PiecesFile } | null {
  if (journal.status === "found" && journal.record.root === root) return journal;
  if (journal.status === "found") {
    logger.warn("there is an unfinished download of this game elsewhere, which will not go on", {
      root: journal.record.root,
    });
  } else if (journal.status === "damaged") {
    logger.warn("the journal of an unfinished download is damaged", { root, reason: journal.reason });
  }
  return null;
}

/** Where one side does not know the content_id, the manifest decides. */
function isSameContent(record: JournalRecord, { manifest }: DownloadOptions): boolean {
  if (record.manifestHash !== manifest.manifest_hash || record.pieceSize !== manifest.piece_size)
    return false;
  return (
    record.contentId === null || manifest.content_id === null || record.contentId === manifest.content_id
  );
}

async function resumed(
  record: JournalRecord,
  pieces: PiecesFile,
  { root, manifest, digests, stateDir, gameId }: DownloadOptions,
  layout: PieceLayout,
): Promise<Start> {
  const done = Uint8Array.from(pieces.done);
  const { inTheWay: stillThere } = compareOldVersion(
    record.oldFiles,
    record.files.map(({ path }) => path),
  );
  if (stillThere.length > 0) {
    // It ended before it had made anything: these go first.
    const nothing = { done: new Uint8Array(done.length), begun: [] };
    const same = { ...record, contentId: manifest.content_id };
    return { kind: "resume", record: same, pieces: nothing, inTheWay: stillThere };
  }
  const notedNs = digests === null ? null : await writtenNs(stateDir.downloadBitmap(gameId));
  const written = new Set(pieces.begun.map(({ first }) => layout.pieceAt(first).fileIndex));
  /** Pieces of files that somebody else has changed since they were noted. */
  const doubted: PieceRun[] = [];
  // A file that is not there, or never had a byte, has no piece; nor has one that still is the old version's.
  await mapLimited([...record.files.entries()], FILES_AT_ONCE, async ([fileIndex, { path, size, old }]) => {
    const { first, end } = layout.piecesOfFile(fileIndex);
    if (path === SENTINEL_NAME || (old && !record.touched)) {
      done.fill(0, first, end);
      return;
    }
    await checkDirectories(root, path);
    const { state, changedNs } = await fileState(root, path, size);
    if (state === "other" && !old) throw inTheWay(join(root, path));
    const isDoubted = notedNs !== null && changedNs > notedNs && !written.has(fileIndex);
    for (let piece = first; isDoubted && piece < end; piece++) {
      if (done[piece] === 1) doubted.push({ first: piece, count: 1 });
    }
    if (state !== "ours" || isDoubted) done.fill(0, first, end);
  });
  const readable = (piece: number): boolean => {
    const file = record.files[layout.pieceAt(piece).fileIndex];
    return file !== undefined && file.path !== SENTINEL_NAME && (record.touched || !file.old);
  };
  let begun = [...pieces.begun, ...doubted].filter(({ first }) => readable(first));
  if (record.contentId === null && manifest.content_id !== null) {
    // What came before anybody knew the digests is verified now.
    const unverified = [...done.entries()].filter(([, isDone]) => isDone === 1);
    begun = [...begun, ...unverified.map(([first]) => ({ first, count: 1 }))];
    done.fill(0);
  }
  return {
    kind: "resume",
    record: { ...record, contentId: manifest.content_id },
    pieces: { done, begun },
    inTheWay: [],
  };
}

/**
 * Refuses what nothing proves to be ours at the path of a new file, or in the way of its directories.
 *
 * @param removable files of the old version that go before anything new is made
 */
async function refuseForeign(
  root: string,
  paths: readonly string[],
  removable: readonly string[],
): Promise<void> {
  const going = new Set(removable.map(foldCase));
  const holding = new Set(removable.flatMap((path) => ancestorsOf(foldCase(path))));
  await mapLimited(paths, FILES_AT_ONCE, async (path) => {
    const folded = foldCase(path);
    if (going.has(folded) || holding.has(folded)) return;
    if (ancestorsOf(folded).some((directory) => going.has(directory))) return;
    if (!(await checkDirectories(root, path))) return;
    const absolute = join(root, path);
    if ((await look(absolute)) !== null) throw inTheWay(absolute);
  });
}
