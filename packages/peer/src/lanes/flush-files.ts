import { join } from "node:path";
import { FILES_AT_ONCE } from "../download/constants.ts";
import { openBelowBy } from "../download/safe-path.ts";
import { fromNodeError } from "../errors/index.ts";
import { mapLimited } from "../library/map-limited.ts";
import { directAccess, type FileAccess } from "../storage/index.ts";

/**
 * Resolves when what was written to these files, by whomever, is on the disk.
 *
 * @param root absolute path of the game root
 * @param paths relative to it
 * @throws PeerError naming the file
 */
export async function flushFiles(
  root: string,
  paths: readonly string[],
  access: FileAccess = directAccess,
): Promise<void> {
  const known = new Set<string>();
  await mapLimited(paths, FILES_AT_ONCE, async (path) => {
    const file = await openBelowBy(access, root, path, known);
    try {
      await file.datasync();
    } catch (error) {
      throw fromNodeError(error, join(root, path));
    } finally {
      await file.close();
    }
  });
}
