import { constants } from "node:fs";
import { isAbsolute, join, relative, sep } from "node:path";
import type { GameId, ManifestFile } from "@lanspread/proto";
import { errnoOf } from "../errors/index.ts";
import {
  type FileAccess,
  isReservedOrLocalPath,
  type OpenedFile,
  pathBelow,
  SENTINEL_NAME,
  type Soon,
} from "../storage/index.ts";
import { REAL_PLACES } from "./constants.ts";
import { Refused } from "./refused.ts";

/** Never through a link, and never waiting for the other end of a pipe. Windows knows neither. */
const READ_SAFELY = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

const NS_PER_MS = 1e6;

/** A payload file that is open for reading. */
export interface OpenPayload extends AsyncDisposable {
  /** Last change when it was opened, milliseconds since 1970-01-01 UTC. */
  readonly mtime: number;
  /** Reads into the head of `into`, from `position` (bytes). @returns how many bytes; 0 at the end of the file */
  read(into: Uint8Array, position: number): Soon<number>;
  /** Whether size and time of the last change are those it had when it was opened. */
  isUnchanged(): Promise<boolean>;
}

/**
 * Checks on the disk that a game is downloaded: its root is a directory of its own and has the sentinel.
 *
 * @throws Refused `not_downloaded`
 */
export async function checkRoot(access: FileAccess, gamesDir: string, gameId: GameId): Promise<void> {
  const root = join(gamesDir, gameId);
  try {
    const [rootStats, sentinel] = await Promise.all([
      access.lstat(root),
      access.lstat(pathBelow(root, SENTINEL_NAME)),
    ]);
    if (rootStats.isDirectory() && sentinel.isFile()) return;
  } catch (error) {
    if (!isGone(error)) throw error;
  }
  throw new Refused("not_downloaded", `${gameId} is no longer here`);
}

/**
 * Opens a file of a manifest for reading.
 *
 * @throws Refused `forbidden_path` where it leads out of the game's payload, `manifest_changed` where it is no longer the
 *   file of the manifest; errors of the file system, which name paths of this machine.
 */
export async function openPayload(
  access: FileAccess,
  gamesDir: string,
  gameId: GameId,
  file: ManifestFile,
): Promise<OpenPayload> {
  const quoted = JSON.stringify(file.path);
  let handle: OpenedFile | undefined;
  try {
    handle =
      (await openWhereItShouldBe(access, gamesDir, gameId, file.path)) ??
      (await openByLooking(access, gamesDir, gameId, file.path));
    const opened = handle;
    const stats = await opened.stat();
    if (!stats.isFile() || stats.size !== BigInt(file.size)) throw changed(quoted);
    return {
      mtime: Math.round(Number(stats.mtimeNs) / NS_PER_MS),
      read: (into, position) => opened.read(into, position),
      isUnchanged: async () => {
        const now = await opened.stat();
        return now.size === stats.size && now.mtimeNs === stats.mtimeNs;
      },
      [Symbol.asyncDispose]: async () => opened.close(),
    };
  } catch (error) {
    await handle?.close();
    throw isGone(error) ? changed(quoted) : error;
  }
}

/** Where games directories really are, by how they are called. One that has moved since is noticed: nothing is where it should be. */
const realPlaces = new Map<string, string>();

/**
 * Opens a file and asks the system afterwards where that is: when it lies in the game at just this path, no link was on the way, whatever
 * becomes of the folders meanwhile. Three steps instead of one for each folder.
 *
 * @returns null where that cannot be told, or is not so: who looks at each step finds out why
 */
async function openWhereItShouldBe(
  access: FileAccess,
  gamesDir: string,
  gameId: GameId,
  inside: string,
): Promise<OpenedFile | null> {
  if (process.platform !== "linux" || isReservedOrLocalPath(inside)) return null;
  let opened: OpenedFile | undefined;
  try {
    const root = join(gamesDir, gameId);
    if (!(await access.lstat(pathBelow(root, SENTINEL_NAME))).isFile()) return null;
    opened = await access.open(pathBelow(root, inside), READ_SAFELY);
    const place = await opened.whereabouts();
    const known = realPlaces.get(gamesDir);
    if (known !== undefined && place === pathBelow(join(known, gameId), inside)) return opened;
    const real = await access.realpath(gamesDir);
    if (realPlaces.size >= REAL_PLACES) realPlaces.clear();
    realPlaces.set(gamesDir, real);
    if (place === pathBelow(join(real, gameId), inside)) return opened;
  } catch {
    // Whatever it is: it shows again to who looks.
  }
  await opened?.close();
  return null;
}

/** Looks at every step of the way, and opens what it leads to. */
async function openByLooking(
  access: FileAccess,
  gamesDir: string,
  gameId: GameId,
  path: string,
): Promise<OpenedFile> {
  await checkRoot(access, gamesDir, gameId);
  const quoted = JSON.stringify(path);
  const root = join(gamesDir, gameId);
  const way = (await withoutLinks(access, root, path)) ?? (await behindLinks(access, root, path));
  if (way.inside === ".." || way.inside.startsWith(`..${sep}`) || isAbsolute(way.inside)) {
    throw new Refused("forbidden_path", `${quoted}: leads out of the game`);
  }
  if (isReservedOrLocalPath(way.inside)) {
    throw new Refused("forbidden_path", `${quoted}: leads to what is no part of the game`);
  }
  return await access.open(way.path, READ_SAFELY);
}

/** Where a path leads. */
interface Way {
  /** Without links from the game's root on. */
  readonly path: string;
  /** Relative to the root. */
  readonly inside: string;
}

/** The way through folders to a file; null where there is anything else on it: a look at each costs a quarter of following the path. */
async function withoutLinks(access: FileAccess, root: string, inside: string): Promise<Way | null> {
  for (let end = inside.indexOf("/"); end >= 0; end = inside.indexOf("/", end + 1)) {
    const folder = await access.lstat(pathBelow(root, inside.slice(0, end)));
    if (!folder.isDirectory()) return null;
  }
  const path = pathBelow(root, inside);
  return (await access.lstat(path)).isFile() ? { path, inside } : null;
}

/** Links are followed: they may lead to another place in the game. */
async function behindLinks(access: FileAccess, root: string, inside: string): Promise<Way> {
  const realRoot = await access.realpath(root);
  const path = await access.realpath(join(realRoot, ...inside.split("/")));
  return { path, inside: relative(realRoot, path) };
}

function changed(quoted: string): Refused {
  return new Refused("manifest_changed", `${quoted}: is no longer the file of the manifest`);
}

/** Nothing is there, or a link or something else where a regular file was. */
function isGone(error: unknown): boolean {
  const errno = errnoOf(error);
  return (
    errno === "ENOENT" ||
    errno === "ENOTDIR" ||
    errno === "ELOOP" ||
    errno === "EMLINK" ||
    errno === "EISDIR" ||
    errno === "ENXIO"
  );
}
