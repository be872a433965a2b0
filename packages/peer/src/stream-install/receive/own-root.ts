import { mkdir, rmdir } from "node:fs/promises";
import { dirname } from "node:path";
import { errnoOf, fromNodeError } from "../../errors/index.ts";
import type { Logger } from "../../logger.ts";
import { flushDirectory } from "../../storage/index.ts";

/**
 * Makes a game root where none is.
 *
 * @returns whether it was made: only then it may be removed again
 * @throws PeerError of the disk
 */
export async function makeRoot(root: string): Promise<boolean> {
  try {
    await mkdir(root);
  } catch (error) {
    if (errnoOf(error) === "EEXIST") return false;
    throw fromNodeError(error, root);
  }
  await flushDirectory(dirname(root));
  return true;
}

/** Removes a root that {@link makeRoot} made, if nobody has put anything into it. */
export async function removeOwnRoot(root: string, logger: Logger): Promise<void> {
  try {
    await rmdir(root);
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === "ENOENT" || errno === "ENOTEMPTY" || errno === "EEXIST") return;
    logger.warn("an empty folder could not be removed", { root, error });
  }
}
