import { createHash } from "node:crypto";
import { type GameId, MAX_RESPONSE_BYTES, manifestHash, pieceSizeFor } from "@lanspread/proto";
import { PeerError } from "../errors/index.ts";
import { SENTINEL_NAME } from "../storage/index.ts";
import { MANIFEST_OVERHEAD_BYTES, MAX_LOOKS } from "./constants.ts";
import { digestsOf, type IndexEntry, sameEntry, samePayload } from "./entry.ts";
import { giveWay } from "./give-way.ts";
import { fingerprintOf, lookOf, type RootLook } from "./look.ts";
import type { ListedEntry, RootReply, RootSight } from "./look-messages.ts";
import type { Looker } from "./looker.ts";
import { type WalkedFile, walkManifest } from "./walk.ts";

/** Files as they lay on the disk a moment ago, by path. */
export type SeenFiles = ReadonlyMap<WalkedFile["path"], WalkedFile>;

export interface ExamineOptions {
  readonly id: GameId;
  /** Absolute path of the game root, a directory. */
  readonly root: string;
  /** Does the looking; the caller's, since it is a thread. */
  readonly looker: Looker;
  /** What the looker has just seen, where the caller asked it. */
  readonly sight?: RootSight;
  /** What was known before: an unchanged root is not walked again, an unchanged payload is not hashed again. */
  readonly previous: IndexEntry | undefined;
  /** Walk even if the root looks unchanged: somebody noticed a change that a look cannot see. */
  readonly walk?: boolean;
  /** What need not be looked at once more. Default: nothing. */
  readonly seen?: SeenFiles;
  /** Called each time that the payload is listed. */
  readonly onWalk?: () => void;
  readonly signal?: AbortSignal;
}

/**
 * Finds out what a game root holds. A root that changes while it is walked is looked at again.
 *
 * @returns `previous` itself when nothing changed.
 * @throws PeerError when the root or something in it cannot be read.
 */
export async function examineRoot(options: ExamineOptions): Promise<IndexEntry> {
  const { root, previous } = options;
  const see = async (): Promise<RootSight> =>
    sightOf(root, await options.looker.look({ root, entryFile: null }));
  const sight = options.sight ?? (await see());
  if (options.walk !== true && previous?.fingerprint === fingerprintOf(sight)) return previous;
  let look = lookOf(root, sight);
  for (let attempt = 1; attempt <= MAX_LOOKS; attempt += 1) {
    const entry = await entryFrom(options, look).catch(nullIfVanished);
    const again = lookOf(root, await see());
    if (entry !== null && again.fingerprint === look.fingerprint) {
      return previous !== undefined && sameEntry(previous, entry) ? previous : entry;
    }
    look = again;
  }
  throw new PeerError("operation-in-progress", `${root} is being changed`, {
    hint: "It is looked at again when that has ended.",
  });
}

/** @throws PeerError where nothing was seen, naming the root. */
function sightOf(root: string, reply: RootReply): RootSight {
  if (reply.status === "seen") return reply;
  if (reply.status === "failed") throw new PeerError(reply.code, reply.message);
  throw new PeerError("no-such-directory", `${root}: no such directory`);
}

async function listBy(looker: Looker, directory: string): Promise<readonly ListedEntry[]> {
  const reply = await looker.look({ directory });
  if (reply.status === "failed") throw new PeerError(reply.code, reply.message);
  return reply.entries;
}

/** Lists by name alone where all files were seen: that takes a fifth of the time. */
async function listSeen(
  looker: Looker,
  directory: string,
  inside: string,
  seen: SeenFiles,
): Promise<readonly ListedEntry[]> {
  // There is the sentinel, which is newer.
  if (seen.size === 0 || inside === "") return await listBy(looker, directory);
  const reply = await looker.look({ directory, onlyNames: true });
  if (reply.status === "failed") throw new PeerError(reply.code, reply.message);
  const entries: ListedEntry[] = [];
  for (const entry of reply.entries) {
    if (entry[1] !== "file") {
      entries.push(entry);
      continue;
    }
    const file = seen.get(`${inside}/${entry[0]}`);
    if (file === undefined) return await listBy(looker, directory);
    entries.push([entry[0], "file", file.size, file.mtimeNs]);
  }
  return entries;
}

/** What vanishes during a walk is a change, no failure. */
function nullIfVanished(error: unknown): null {
  if (error instanceof PeerError && (error.code === "no-such-file" || error.code === "no-such-directory"))
    return null;
  throw error;
}

async function entryFrom(options: ExamineOptions, look: RootLook): Promise<IndexEntry> {
  const { id, root, looker, previous, seen = new Map(), signal } = options;
  const { fingerprint, sentinel, installed } = look;
  if (sentinel.status !== "valid") {
    return {
      id,
      fingerprint,
      version: null,
      installed,
      files: [],
      manifestHash: null,
      refusals: [],
      warnings: look.warnings,
      contentId: null,
      pieces: null,
    };
  }
  options.onWalk?.();
  const list = (directory: string, inside: string): Promise<readonly ListedEntry[]> =>
    listSeen(looker, directory, inside, seen);
  const walk = await walkManifest(root, { list, ...(signal === undefined ? {} : { signal }) });
  await giveWay(walk.files.length);
  const hash = manifestHash(sentinel.version, walk.files);
  await giveWay(walk.files.length);
  const known =
    previous?.manifestHash === hash &&
    samePayload(previous.files, walk.files) &&
    isOfSentinel(previous, sentinel.text)
      ? previous
      : undefined;
  return {
    id,
    fingerprint,
    version: sentinel.version,
    installed,
    files: walk.files,
    manifestHash: hash,
    refusals: [...walk.refusals, ...tooLongToSend(walk.files)],
    warnings: [...look.warnings, ...walk.warnings],
    contentId: known?.contentId ?? null,
    pieces: known?.pieces ?? null,
  };
}

/**
 * Whether the digests of an entry, if it has any, are those of a game with this text in its `version.ini`: one that is
 * rewritten in the same length may have the same time, where a disk counts in seconds or a program restores times.
 */
function isOfSentinel(entry: IndexEntry, text: string): boolean {
  const digests = digestsOf(entry);
  if (digests === null) return true;
  const pieceSize = pieceSizeFor(entry.files);
  const place = entry.files.findIndex(({ path }) => path === SENTINEL_NAME);
  const before = entry.files.slice(0, place).reduce((sum, { size }) => sum + Math.ceil(size / pieceSize), 0);
  // It is never larger than a piece.
  const digest = createHash("sha256").update(text).digest();
  return digest.equals(digests.subarray(before * digest.length, (before + 1) * digest.length));
}

/** What keeps a game from being shared that has too many files: a manifest goes over the wire in one answer. */
export function tooLongToSend(files: readonly { readonly path: string; readonly size: number }[]): string[] {
  let bytes = 0;
  // A path takes at most six characters for one (escaped), usually one: only long lists are looked at closely.
  for (const file of files) bytes += file.path.length * 6 + MANIFEST_OVERHEAD_BYTES;
  if (bytes <= MAX_RESPONSE_BYTES) return [];
  bytes = Buffer.byteLength(JSON.stringify(files.map(({ path, size }) => ({ path, size }))));
  return bytes + MANIFEST_OVERHEAD_BYTES > MAX_RESPONSE_BYTES
    ? [`the list of its ${files.length} files takes ${bytes} bytes, more than one answer may have`]
    : [];
}
