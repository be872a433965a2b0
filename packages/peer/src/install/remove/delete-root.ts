import { rm, rmdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { errnoOf, fromNodeError } from "../../errors/index.ts";
import { flushDirectory, SENTINEL_DISCARDED_NAME } from "../../storage/index.ts";
import { lstatIfThere } from "../reserved-directory.ts";

/** Deletes the sentinel that was set aside, if it is there, so that it stays deleted. */
export async function deleteSentinel(root: string): Promise<void> {
  const path = join(root, SENTINEL_DISCARDED_NAME);
  if ((await lstatIfThere(path))?.isFile() !== true) return;
  try {
    await rm(path);
    await flushDirectory(root);
  } catch (error) {
    throw fromNodeError(error, path);
  }
}

/**
 * Deletes a game root if nothing is in it, so that it stays deleted. Where that is not allowed (a file system is mounted
 * there, the games directory is not to be changed) an empty folder stays, which does no harm.
 */
export async function deleteRoot(root: string): Promise<void> {
  try {
    await rmdir(root);
    await flushDirectory(dirname(root));
  } catch (error) {
    if (!STAYS.has(errnoOf(error) ?? "")) throw fromNodeError(error, root);
  }
}

const STAYS = new Set(["ENOENT", "ENOTEMPTY", "EEXIST", "ENOTDIR", "EBUSY", "EPERM", "EACCES", "EROFS"]);
