import { setImmediate } from "node:timers/promises";
import { SORT_RUN } from "./constants.ts";

/**
 * Lets others have a turn between two steps of work on a game with that many files. A game of usual size is done in one go:
 * a thousand of them would wait a thousand times.
 */
export async function giveWay(files: number): Promise<void> {
  if (files > SORT_RUN) await setImmediate();
}
