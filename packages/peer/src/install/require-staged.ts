import { join } from "node:path";
import { PeerError } from "../errors/index.ts";
import { mapLimited } from "../library/map-limited.ts";
import { OWNED_MARKER_NAME } from "../storage/index.ts";
import { FLUSHES_AT_ONCE } from "./constants.ts";
import { lstatIfThere } from "./reserved-directory.ts";
import type { UnpackedFile } from "./types.ts";

/**
 * Looks whether everything that was put into staging is still there: a virus scanner may have taken a file away, or the
 * recovery of a peer with another state directory the beginning of it.
 *
 * @throws PeerError `no-such-file`, naming the first file that is not as it was made
 */
export async function requireStaged(
  staging: string,
  files: readonly UnpackedFile[],
  signal?: AbortSignal,
): Promise<void> {
  const require = async (path: string, size?: number): Promise<void> => {
    const stats = await lstatIfThere(join(staging, path));
    if (stats?.isFile() === true && (size === undefined || stats.size === size)) return;
    throw changedInStaging(join(staging, path));
  };
  await require(OWNED_MARKER_NAME);
  await mapLimited(files, FLUSHES_AT_ONCE, ({ path, size }) => require(path, size), signal);
}

/** @param path absolute, of what is not as it was made */
export function changedInStaging(path: string): PeerError {
  return new PeerError(
    "no-such-file",
    `${path} is not there any more: somebody changed what was being installed`,
    { hint: "Install the game again. A program that scans for viruses may have taken the file away." },
  );
}
