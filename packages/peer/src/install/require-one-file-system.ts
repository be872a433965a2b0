import { join } from "node:path";
import { PeerError } from "../errors/index.ts";
import { listTree } from "./list-tree.ts";
import { mountPointsIn } from "./mount-points.ts";
import { lstatIfThere } from "./reserved-directory.ts";

/**
 * Looks whether a directory, which is about to be deleted, is a mount point, or has another file system or a folder from
 * elsewhere mounted in it:
 * what is on that would be deleted there.
 *
 * @throws PeerError `forbidden-path`, naming the mount point; others of the disk; what the signal says
 */
export async function requireOneFileSystem(directory: string, signal?: AbortSignal): Promise<void> {
  const own = (await lstatIfThere(directory))?.dev;
  // Of directories alone: overlays say of a file on which of their layers it is.
  const foreign = (await listTree(directory, signal)).find(
    ({ kind, device }) => kind === "directory" && device !== own,
  );
  if (foreign !== undefined) throw mounted(join(directory, foreign.path));
  const [point] = await mountPointsIn(directory);
  if (point !== undefined) throw mounted(join(directory, point));
}

/** @param path absolute, of the mount point */
export function mounted(path: string): PeerError {
  return new PeerError("forbidden-path", `${path} is another file system's, or a folder from elsewhere`, {
    hint: "Unmount it first: what is on it is not a part of the game.",
  });
}
