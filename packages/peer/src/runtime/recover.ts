import { recoverDownloads } from "../download/index.ts";
import { recoverInstalls } from "../install/index.ts";
import type { RuntimeContext } from "./context.ts";

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
