import { constants, type Stats } from "node:fs";
import { type FileHandle, lstat, open, realpath, rmdir, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { errnoOf, fromNodeError, PeerError } from "../errors/index.ts";
import { mapLimited } from "../library/map-limited.ts";
import { type FileAccess, type OpenedFile, pathBelow, pooledAccess, type Soon } from "../storage/index.ts";
import { FILES_AT_ONCE } from "./constants.ts";
import { identityOf } from "./file-state.ts";

/**
 * Files below a game root, reached through directories only. A link in the way, wherever it leads, is refused: what is
 * behind it is not ours. All paths are relative to the root, with `/` between components.
 */

/** Windows knows neither; a link is noticed there by the look at the path. */
const NOFOLLOW = (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

const OPEN_EXISTING = constants.O_RDWR | NOFOLLOW;

const MAKE_NEW = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | NOFOLLOW;

/**
 * The games directory by its real path. The user may name it through links; below it none is followed.
 *
 * @throws PeerError `no-such-directory`, `not-a-directory`, `no-permission`
 */
export async function realGamesDir(gamesDir: string): Promise<string> {
  try {
    const real = await realpath(gamesDir);
    if ((await stat(real)).isDirectory()) return real;
  } catch (error) {
    if (errnoOf(error) === "ENOENT") {
      throw new PeerError("no-such-directory", `the games directory ${gamesDir} is not there`, {
        cause: error,
      });
    }
    throw fromNodeError(error, gamesDir);
  }
  throw new PeerError("not-a-directory", `the games directory ${gamesDir} is no directory`);
}

/** What `lstat` says, or null where nothing is there. */
export async function look(
  path: string,
  access: Pick<FileAccess, "lstat"> = pooledAccess,
): Promise<Stats | null> {
  try {
    return await access.lstat(path);
  } catch (error) {
    if (errnoOf(error) === "ENOENT" || errnoOf(error) === "ENOTDIR") return null;
    throw fromNodeError(error, path);
  }
}

/**
 * Checks the root and every directory in which `path` lies.
 *
 * @param known absolute paths of directories that were looked at a moment ago; receives the others
 * @returns false where one is missing
 * @throws PeerError `forbidden-path` for a link, `not-a-directory`
 */
export async function checkDirectories(
  root: string,
  path: string,
  access: Pick<FileAccess, "lstat"> = pooledAccess,
  known = new Set<string>(),
): Promise<boolean> {
  for (const directory of directoriesOf(root, path)) {
    if (known.has(directory)) continue;
    const stats = await look(directory, access);
    if (stats === null) return false;
    refuseNoDirectory(directory, stats);
    known.add(directory);
  }
  return true;
}

/** Makes the directories in which `path` lies. The root must be there. */
async function makeDirectories(
  root: string,
  path: string,
  { known, made }: Directories,
  access: Pick<FileAccess, "lstat" | "mkdir">,
): Promise<void> {
  for (const directory of directoriesOf(root, path)) {
    if (known.has(directory)) continue;
    let stats = await look(directory, access);
    if (stats === null) {
      try {
        await access.mkdir(directory);
        made.add(directory);
      } catch (error) {
        if (errnoOf(error) !== "EEXIST") throw fromNodeError(error, directory);
      }
      stats = await look(directory, access);
    }
    refuseNoDirectory(directory, stats);
    known.add(directory);
  }
}

/** Directories of one batch of new files. */
export interface Directories {
  /** Absolute paths of those that were looked at a moment ago: not looked at again. */
  readonly known: Set<string>;
  /** Absolute paths of those that were made. */
  readonly made: Set<string>;
}

/**
 * Checks that the directories of a batch still are directories: what was made in one that has become a link meanwhile lies
 * elsewhere.
 *
 * @throws PeerError `forbidden-path`, `not-a-directory`
 */
export async function checkBatch({ known }: Directories, access: Pick<FileAccess, "lstat">): Promise<void> {
  for (const directory of known) refuseNoDirectory(directory, await look(directory, access));
}

/**
 * Makes a file that must not be there yet, and the directories in which it lies. {@link checkBatch} follows behind the last one.
 *
 * @throws PeerError `already-exists`, `forbidden-path`, `not-a-directory` and others, naming the file
 */
export async function makeBelow(
  root: string,
  path: string,
  directories: Directories,
  access: FileAccess,
): Promise<OpenedFile> {
  await makeDirectories(root, path, directories, access);
  const absolute = pathBelow(root, path);
  try {
    return await access.open(absolute, MAKE_NEW, 0o644);
  } catch (error) {
    throw fromNodeError(error, absolute);
  }
}

/**
 * Opens a regular file for reading and writing without following a link anywhere below the root. One with a second name is refused,
 * too: the other name is somebody else's, and what is written would be in both.
 *
 * @throws PeerError `forbidden-path` and those of the file system, naming the file
 */
export function openBelow(root: string, path: string): Promise<FileHandle> {
  return openBelowBy({ lstat, open }, root, path);
}

/** An open file, as far as it is looked at. */
interface Inspected {
  stat(): Soon<{
    isFile(): boolean;
    readonly nlink: number | bigint;
    readonly dev: number | bigint;
    readonly ino: number | bigint;
  }>;
  close(): Soon<void>;
}

/**
 * As {@link openBelow}, with another access to files.
 *
 * @param known as of {@link checkDirectories}, for who does not write
 * @param identity which file was made at this path, as of `identityOf`: where it is that one, nobody looks which way led to it
 */
export async function openBelowBy<File extends Inspected>(
  access: Pick<FileAccess, "lstat"> & { open(path: string, flags: number): Soon<File> },
  root: string,
  path: string,
  known?: Set<string>,
  identity: string | null = null,
): Promise<File> {
  const absolute = pathBelow(root, path);
  let file: File;
  try {
    file = await access.open(absolute, OPEN_EXISTING);
  } catch (error) {
    if (errnoOf(error) === "ELOOP" || errnoOf(error) === "EMLINK") throw linkRefused(absolute, error);
    throw fromNodeError(error, absolute);
  }
  try {
    const stats = await file.stat();
    if (!stats.isFile()) throw noRegularFile(absolute);
    if (stats.nlink > 1) throw secondName(absolute);
    if (identity === identityOf(stats)) return file;
    // Opening changes nothing, so it is early enough to look afterwards where the way led.
    if (!(await checkDirectories(root, path, access, known))) throw noRegularFile(absolute);
    if (constants.O_NOFOLLOW === undefined && (await look(absolute, access))?.isFile() !== true) {
      throw linkRefused(absolute);
    }
    return file;
  } catch (error) {
    await file.close();
    throw fromNodeError(error, absolute);
  }
}

/**
 * Removes a regular file. Anything else of that name, and everything behind a link, is not ours and stays.
 *
 * @returns false where something stays
 */
export async function removeFile(
  root: string,
  path: string,
  access: Pick<FileAccess, "lstat" | "unlink"> = pooledAccess,
): Promise<boolean> {
  return (await removeOwnFile(root, { path, size: null }, { access })) === null;
}

/** A file that is to go. */
export interface OwnFile {
  readonly path: string;
  /** Bytes that it has where it is ours, unless it has none; null where it is ours whatever its size. */
  readonly size: number | null;
}

/** Why a file stays: it is none, or behind a link; it has another size; it is larger than the caller wants to wait for. */
export type Stays = "no-file" | "replaced" | "large";

interface RemoveOptions {
  readonly access?: Pick<FileAccess, "lstat" | "unlink">;
  /** A path that leads to it for certain, whatever becomes of its directories; null where the way has to be looked at. */
  readonly place?: string | null;
  /** Bytes above which it stays. */
  readonly maxBytes?: number;
}

/**
 * Removes a regular file of the size that it has where it is ours. Anything else stays.
 *
 * @returns why it stays; null where it is gone
 */
export async function removeOwnFile(
  root: string,
  { path, size }: OwnFile,
  { access = pooledAccess, place = null, maxBytes = Number.POSITIVE_INFINITY }: RemoveOptions,
): Promise<Stays | null> {
  if (place === null) {
    const way = await wayTo(root, path, access);
    if (way !== "open") return way === "missing" ? null : "no-file";
  }
  const absolute = pathBelow(root, path);
  try {
    const stats = await look(place ?? absolute, access);
    if (stats === null) return null;
    if (!stats.isFile()) return "no-file";
    if (size !== null && stats.size !== size && stats.size !== 0) return "replaced";
    if (stats.size > maxBytes) return "large";
    await access.unlink(place ?? absolute);
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw fromNodeError(error, absolute);
  }
  return null;
}

async function wayTo(
  root: string,
  path: string,
  access: Pick<FileAccess, "lstat"> = pooledAccess,
): Promise<"open" | "missing" | "blocked"> {
  for (const directory of directoriesOf(root, path)) {
    const stats = await look(directory, access);
    if (stats === null) return "missing";
    if (!stats.isDirectory()) return "blocked";
  }
  return "open";
}

/** Removes the directories in which `paths` lie as far as they are empty, and never the root. */
export async function removeEmptyDirectories(root: string, paths: Iterable<string>): Promise<void> {
  /** By their depth. */
  const levels: Set<string>[] = [];
  for (const path of paths) {
    let depth = 0;
    for (let end = path.indexOf("/"); end >= 0; end = path.indexOf("/", end + 1)) {
      levels[depth] ??= new Set();
      levels[depth]?.add(path.slice(0, end));
      depth += 1;
    }
  }
  for (const directories of levels.toReversed()) {
    await mapLimited([...directories], FILES_AT_ONCE, async (directory) => {
      // The way to what is in it: it is a directory itself.
      if ((await wayTo(root, `${directory}/-`)) !== "open") return;
      await removeEmptyDirectory(pathBelow(root, directory));
    });
  }
}

/** @returns whether it is gone */
export async function removeEmptyDirectory(absolute: string): Promise<boolean> {
  try {
    await rmdir(absolute);
    return true;
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === "ENOENT") return true;
    // What Windows says of a directory that somebody looks at is EBUSY or EPERM: it stays, empty.
    if (errno === "ENOTEMPTY" || errno === "EEXIST" || errno === "EBUSY" || errno === "EPERM") return false;
    throw fromNodeError(error, absolute);
  }
}

/** The root, and the directories between it and `path`, outermost first. */
export function directoriesOf(root: string, path: string): string[] {
  const directories = [root];
  for (let end = path.indexOf("/"); end >= 0; end = path.indexOf("/", end + 1)) {
    directories.push(pathBelow(root, path.slice(0, end)));
  }
  return directories;
}

function refuseNoDirectory(path: string, stats: Stats | null): void {
  if (stats?.isSymbolicLink() === true) throw linkRefused(path);
  if (stats?.isDirectory() !== true) {
    throw new PeerError("not-a-directory", `${path} is in the way: a directory is needed there`);
  }
}

function noRegularFile(path: string): PeerError {
  return new PeerError("forbidden-path", `${path} is no regular file of the game's folder`);
}

function secondName(path: string): PeerError {
  return new PeerError(
    "forbidden-path",
    `${path} has a second name, and what a download writes would be in that, too`,
    {
      hint: "Move it away, and start the download again: nothing was overwritten.",
    },
  );
}

function linkRefused(path: string, cause?: unknown): PeerError {
  return new PeerError("forbidden-path", `${path} is a link, and links in a game's folder are not followed`, {
    cause,
    hint: `Remove the link in ${dirname(path)}, and start the download again.`,
  });
}
