import type { GameId, GameVersion } from "@lanspread/proto";
import { PeerError } from "../errors/index.ts";
import { readSentinel } from "../library/index.ts";
import { lstatIfThere } from "./reserved-directory.ts";

/**
 * @param root absolute path of the game root
 * @returns the version of the game
 * @throws PeerError `not-downloaded`, naming the directory or the sentinel
 */
export async function requireDownloaded(gameId: GameId, root: string): Promise<GameVersion> {
  if ((await lstatIfThere(root))?.isDirectory() !== true) {
    throw new PeerError("not-downloaded", `${gameId} is not downloaded: ${root} is no directory`);
  }
  const sentinel = await readSentinel(root);
  if (sentinel.status === "valid") return sentinel.version;
  const why = sentinel.status === "invalid" ? sentinel.warning : `${root} has no version.ini`;
  throw new PeerError("not-downloaded", `${gameId} is not downloaded: ${why}`);
}
