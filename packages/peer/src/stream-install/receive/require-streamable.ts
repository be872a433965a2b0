import { join } from "node:path";
import type { GameId } from "@lanspread/proto";
import { PeerError } from "../../errors/index.ts";
import { recoverInstall } from "../../install/recover-install.ts";
import { lstatIfThere, requireFreeName } from "../../install/reserved-directory.ts";
import { requireNoLocal } from "../../install/staging.ts";
import { readSentinel } from "../../library/index.ts";
import type { Logger } from "../../logger.ts";
import { INSTALLING_NAME, type StateDir } from "../../storage/index.ts";

/**
 * Checks that a game may be installed from somebody else's disk: nothing of it is here, or only what does not matter.
 *
 * @throws PeerError `not-a-directory`, `already-downloaded`, `already-installed`, `already-exists`
 */
export async function requireStreamable(options: {
  readonly gameId: GameId;
  readonly root: string;
  readonly stateDir: StateDir;
  readonly logger: Logger;
}): Promise<{ readonly rootIsThere: boolean }> {
  const { gameId, root, stateDir, logger } = options;
  const stats = await lstatIfThere(root);
  if (stats === undefined) return { rootIsThere: false };
  if (!stats.isDirectory()) {
    throw new PeerError("not-a-directory", `${root} is in the way: a directory is needed there`);
  }
  if ((await readSentinel(root)).status === "valid") throw alreadyDownloaded(gameId);
  await recoverInstall({ gameId, root, stateDir, logger });
  await requireNoLocal(gameId, root);
  await requireFreeName(join(root, INSTALLING_NAME));
  return { rootIsThere: true };
}

/** What is here need not come over the network. */
export function alreadyDownloaded(gameId: GameId): PeerError {
  return new PeerError("already-downloaded", `${gameId} is downloaded: it is installed from this disk.`);
}
