import { join } from "node:path";
import { FILES_AT_ONCE } from "../download/constants.ts";
import { openBelowBy } from "../download/safe-path.ts";
import { fromNodeError } from "../errors/index.ts";
import { mapLimited } from "../library/map-limited.ts";
import { directAccess, type FileAccess, type OpenedFile } from "../storage/index.ts";
import { FlushPace } from "./flush-pace.ts";

type Pace = Pick<FlushPace, "isOwn" | "ownTook" | "pooledTook">;

/**
 * Resolves when what was written to these files, by whomever, is on the disk.
 *
 * @param root absolute path of the game root
 * @param paths relative to it
 * @param pace what flushes took before, and these will
 * @throws PeerError naming the file
 */
export async function flushFiles(
  root: string,
  paths: readonly string[],
  access: FileAccess = directAccess,
  pace: Pace = new FlushPace(),
): Promise<void> {
  const known = new Set<string>();
  await mapLimited(paths, FILES_AT_ONCE, async (path) => {
    const file = await openBelowBy(access, root, path, known);
    try {
      await flush(file, pace);
    } catch (error) {
      throw fromNodeError(error, join(root, path));
    } finally {
      await file.close();
    }
  });
}

async function flush(file: Pick<OpenedFile, "datasync" | "datasyncNow">, pace: Pace): Promise<void> {
  const begun = performance.now();
  if (pace.isOwn) {
    file.datasyncNow();
    pace.ownTook(performance.now() - begun);
  } else {
    await file.datasync();
    pace.pooledTook(performance.now() - begun);
  }
}
