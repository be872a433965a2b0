import { resolve } from "node:path";
import { PeerError } from "../../errors/index.ts";
import { type RuntimeContext, requireGamesDir } from "../context.ts";
import { requireSeparate } from "../separate-directories.ts";

/**
 * `set-game-dir`: shares another folder from now on. What was interrupted in it is put right first, and transfers of the old
 * one are ended.
 *
 * @throws PeerError `operation-in-progress` while any operation runs; `no-such-directory`, `not-a-directory`,
 *   `no-permission`; `bad-request` where it is mixed up with the state directory: the old folder stays then. Where
 *   the new one cannot be put right, why: nothing is shared until it can be
 */
export async function setGamesDirCommand(
  context: Pick<RuntimeContext, "library" | "operations" | "outbound" | "stateDir">,
  path: string,
): Promise<string> {
  const [busy] = context.operations.list();
  if (busy !== undefined) {
    throw new PeerError(
      "operation-in-progress",
      `${busy.gameId} is ${busy.kind} at the moment: the games directory stays until it ends.`,
    );
  }
  const gamesDir = resolve(path);
  const reason = new PeerError("operation-in-progress", "The games directory is being changed.");
  return context.operations.closedDuring(reason, async () => {
    await requireSeparate(gamesDir, context.stateDir.root);
    await context.library.setGamesDir(gamesDir);
    await context.outbound.cancelAll();
    requireGamesDir(context);
    return gamesDir;
  });
}
