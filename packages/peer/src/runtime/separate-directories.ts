import { realpath } from "node:fs/promises";
import { basename, dirname, isAbsolute, join, relative, sep } from "node:path";
import { isGameId } from "@lanspread/proto";
import { errnoOf, fromNodeError, PeerError } from "../errors/index.ts";
import { type StateDir, stateDirLayout } from "../storage/index.ts";

/**
 * Refuses a games directory and a state directory that would be taken for each other: a game's own files must never lie
 * where lanspread keeps what it knows of that game. Links are resolved as far as they can be followed: what is not there yet
 * is to be asked about again when it is. Touches nothing.
 *
 * @throws PeerError `bad-request`, naming both
 */
export async function requireSeparate(gamesDir: string, stateRoot: string): Promise<void> {
  const [games, state] = await Promise.all([realPathOf(gamesDir), realPathOf(stateRoot)]);
  const layout: StateDir = stateDirLayout(state);
  const own = [layout.identityDir, layout.libraryDir, layout.gamesDir, layout.logsDir];
  const isGamesDir = games === state || own.some((directory) => isWithin(directory, games));
  const [first] = relative(games, state).split(sep);
  const isGameRoot = isWithin(games, state) && first !== undefined && isGameId(first);
  if (!isGamesDir && !isGameRoot) return;
  throw new PeerError(
    "bad-request",
    `The state directory ${stateRoot} and the games directory ${gamesDir} lie in each other.`,
    { hint: "Keep them apart: what lanspread writes about a game must not lie among its files." },
  );
}

function isWithin(directory: string, path: string): boolean {
  const way = relative(directory, path);
  return way !== ".." && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

/** What keeps a path from being followed, and may be gone later. */
const UNREACHABLE: ReadonlySet<string> = new Set(["ENOENT", "ENOTDIR", "EACCES", "EPERM", "ELOOP"]);

/** The path without links, as far as it can be followed. */
async function realPathOf(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    const parent = dirname(path);
    if (!UNREACHABLE.has(errnoOf(error) ?? "") || parent === path) throw fromNodeError(error, path);
    return join(await realPathOf(parent), basename(path));
  }
}
