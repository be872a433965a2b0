import { rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fromNodeError } from "../../errors/index.ts";
import { flushDirectory, SENTINEL_DISCARDED_NAME } from "../../storage/index.ts";
import { lstatIfThere } from "../reserved-directory.ts";
import { removeEmptyDirectory } from "./delete-listed.ts";

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

/** Deletes a game root if nothing is in it, so that it stays deleted. */
export async function deleteRoot(root: string): Promise<void> {
  await removeEmptyDirectory(root);
  await flushDirectory(dirname(root));
}
