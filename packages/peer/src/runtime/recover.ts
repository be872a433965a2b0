import { recoverDownloads } from "../download/index.ts";
import { PeerError } from "../errors/index.ts";
import { recoverInstalls } from "../install/index.ts";
import type { RuntimeContext } from "./context.ts";
import { requireSeparate } from "./separate-directories.ts";

/**
 * Puts right what was interrupted in a games directory that is there for the first time, or again, before anything else is
 * done with it: no operation begins meanwhile.
 *
 * @throws PeerError `bad-request` where it turns out to be mixed up with the state directory: it is left alone then
 */
export async function recoverNewcomer(
  context: Pick<RuntimeContext, "stateDir" | "operations" | "outbound" | "logger" | "signal">,
  gamesDir: string,
): Promise<void> {
  const { stateDir, operations, outbound } = context;
  const message = `What was interrupted in the games directory ${gamesDir} is being put right.`;
  // Whoever has closed the table already may have brought the directory, and may open it sooner than this has ended.
  await operations.alsoClosedDuring(new PeerError("operation-in-progress", message), async () => {
    // What did not exist could not be told apart when its name was given.
    await requireSeparate(gamesDir, stateDir.root);
    // What is still being sent is of the directory that was there before.
    await outbound.cancelAll();
    await recover(context, gamesDir);
  });
}

/**
 * Puts right what operations that were interrupted (crash, kill, power cut) left in a games directory. Games that are
 * busy are left alone.
 */
export async function recover(
  context: Pick<RuntimeContext, "stateDir" | "operations" | "logger" | "signal">,
  gamesDir: string,
): Promise<void> {
  const { stateDir, operations, signal } = context;
  const options = {
    gamesDir,
    stateDir,
    isBusy: (gameId: Parameters<typeof operations.isBusy>[0]) => operations.isBusy(gameId),
    logger: context.logger.child("recovery"),
    signal,
  };
  // Downloads first: their journals decide which sentinels are whole.
  await recoverDownloads(options);
  await recoverInstalls(options);
}
