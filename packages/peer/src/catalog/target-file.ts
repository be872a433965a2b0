import { access, constants, lstat, realpath, stat } from "node:fs/promises";
import { dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
import { isGameId } from "@lanspread/proto";
import { errnoOf, fromNodeError, PeerError } from "../errors/index.ts";
import { type Catalog, openCatalog } from "./catalog.ts";

/** Where a new catalog goes. */
export interface TargetFile {
  /** Absolute, without links: what is written takes the place of the file, never that of a link to it. */
  readonly path: string;
  /** The catalog that lies there; null where there is none. */
  readonly catalog: Catalog | null;
  /** Permissions of the file that lies there; null where there is none. */
  readonly mode: number | null;
}

export interface TargetOptions {
  /** Where no catalog may lie inside of a game: it would be payload. Absolute. */
  readonly gamesDir: string;
  /** Whether a file that is no catalog may be replaced. */
  readonly force: boolean;
  readonly signal?: AbortSignal;
}

/**
 * Looks at the place of a new catalog, and writes nothing.
 *
 * @throws PeerError `already-exists` for something that must not be replaced, `bad-request` for a place inside of a game,
 *   `no-such-directory`, `not-a-directory`, `no-permission`
 */
export async function examineTarget(path: string, options: TargetOptions): Promise<TargetFile> {
  const directory = dirname(resolve(path));
  let place: string;
  let exists: boolean;
  try {
    const parent = await realpath(directory);
    if (!(await stat(parent)).isDirectory())
      throw new PeerError("not-a-directory", `${directory} is no directory`);
    await access(parent, constants.W_OK);
    exists = await isThere(path);
    place = exists ? await leadOf(path) : join(parent, relative(directory, resolve(path)));
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw fromNodeError(error, directory);
    throw new PeerError("no-such-directory", `${directory} is not there`, { cause: error });
  }
  await refuseInsideOfGame(path, place, options.gamesDir);
  if (!exists) return { path: place, catalog: null, mode: null };
  const catalog = await catalogAt(path, place, options);
  return { path: place, catalog, mode: (await stat(place)).mode & PERMISSIONS };
}

const PERMISSIONS = 0o777;

/** Where a path leads that is there. */
async function leadOf(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    const code = errnoOf(error);
    if (code !== "ENOENT" && code !== "ELOOP") throw error;
    throw new PeerError("already-exists", `${path} is a link that leads nowhere; it stays as it is`, {
      cause: error,
      hint: "Choose another place, or delete the link.",
    });
  }
}

async function isThere(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return false;
    throw error;
  }
}

async function refuseInsideOfGame(path: string, place: string, gamesDir: string): Promise<void> {
  const way = relative(await realpath(gamesDir), place);
  const [first = "", second] = way.split(sep);
  if (isAbsolute(way) || second === undefined || !isGameId(first)) return;
  throw new PeerError(
    "bad-request",
    `${path} lies in the folder of the game ${first}, and would be part of it`,
    {
      hint: "Write the catalog beside the games, or anywhere else.",
    },
  );
}

async function catalogAt(path: string, place: string, options: TargetOptions): Promise<Catalog | null> {
  const { force, signal } = options;
  try {
    return await openCatalog(place, signal === undefined ? {} : { signal });
  } catch (error) {
    if (!(error instanceof PeerError) || error.code !== "catalog-invalid") throw error;
    if (force && (await stat(place)).isFile()) return null;
    throw new PeerError(
      "already-exists",
      `${path} is there and is no catalog; it stays as it is (${error.message})`,
      {
        cause: error,
        hint: force
          ? "Choose another place: only a file can be replaced."
          : "Correct it, so that what people wrote in it is kept, choose another place, or replace it with --force.",
      },
    );
  }
}
