import type { Dirent } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { type GameId, isGameId } from "@lanspread/proto";
import { errnoOf, fromNodeError, PeerError } from "../errors/index.ts";
import { directoryIdentity } from "./directory-identity.ts";

/** The game roots of a games directory. */
export interface Roots {
  /** Tells the games directory from another one at the same path. */
  readonly identity: string;
  readonly ids: readonly GameId[];
  /** Why something that looks like a game root is none. */
  readonly warnings: readonly string[];
}

const NOT_THERE: ReadonlyMap<string, string> = new Map([
  ["ENOENT", "is not there"],
  ["ELOOP", "is a link that leads nowhere"],
]);

/**
 * Lists the direct children of the games directory that are game roots: directories, no links, with a valid id.
 *
 * @throws PeerError `no-such-directory`, `not-a-directory`, `no-permission`, naming the games directory.
 */
export async function listRoots(gamesDir: string): Promise<Roots> {
  let listing: Dirent[];
  let identity: string;
  try {
    const stats = await stat(gamesDir, { bigint: true });
    identity = directoryIdentity(stats);
    if (!stats.isDirectory()) {
      throw new PeerError("not-a-directory", `the games directory ${gamesDir} is no directory`);
    }
    listing = await readdir(gamesDir, { withFileTypes: true });
  } catch (error) {
    const why = NOT_THERE.get(errnoOf(error) ?? "");
    if (why !== undefined) {
      throw new PeerError("no-such-directory", `the games directory ${gamesDir} ${why}`, { cause: error });
    }
    throw fromNodeError(error, `the games directory ${gamesDir}`);
  }
  const ids: GameId[] = [];
  const warnings: string[] = [];
  for (const entry of listing) {
    const { name } = entry;
    if (entry.isDirectory() && isGameId(name)) ids.push(name);
    else if (entry.isSymbolicLink() && isGameId(name)) warnings.push(linkWarning(gamesDir, name));
    else if (entry.isDirectory() && !name.startsWith(".")) {
      warnings.push(
        `${join(gamesDir, name)} is no game: a game's folder has a name of a-z, 0-9, _ and -, at most 63 characters`,
      );
    }
  }
  return { identity, ids: ids.sort(), warnings };
}

function linkWarning(gamesDir: string, name: string): string {
  return `${join(gamesDir, name)} is no game: it is a link, and links are not followed`;
}
