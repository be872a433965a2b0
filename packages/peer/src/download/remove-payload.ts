import { join } from "node:path";
import { mapLimited } from "../library/map-limited.ts";
import type { Logger } from "../logger.ts";
import { pooledAccess } from "../storage/index.ts";
import { FILES_AT_ONCE, FILES_PER_ORDER } from "./constants.ts";
import { type RemovedFiles, removeFiles } from "./remove-files.ts";
import { type OwnFile, removeEmptyDirectories, type Stays } from "./safe-path.ts";
import type { LaneDownload } from "./types.ts";

/** Who removes files, and who hears of what stays. */
export interface Removers {
  readonly logger: Logger;
  /** Threads that do it past the own one, several times as fast where files are many. Null without. */
  readonly lanes: Pick<LaneDownload, "remove"> | null;
}

const WARNINGS: Readonly<Record<Exclude<Stays, "large">, string>> = {
  "no-file": "what is at the path of a file of the game is no file, and stays",
  replaced: "a file of an unfinished download was replaced by another one, which stays",
};

/**
 * Removes files of a download or of an old version, each if it is proved to be ours, and the directories that are empty then.
 *
 * @throws PeerError naming the file that could not be removed; some of the others are gone then
 */
export async function removePayload(
  root: string,
  files: readonly OwnFile[],
  { logger, lanes }: Removers,
): Promise<void> {
  const settle = (some: readonly OwnFile[], { stays, error }: RemovedFiles): OwnFile[] => {
    const large: OwnFile[] = [];
    for (const [place, why] of stays) {
      const file = some[place];
      if (file === undefined) continue;
      if (why === "large") large.push(file);
      else logger.warn(WARNINGS[why], { path: join(root, file.path) });
    }
    if (error !== null) throw error;
    return large;
  };
  const byOwnThread = async (some: readonly OwnFile[]): Promise<void> => {
    settle(some, await removeFiles(pooledAccess, root, some));
  };
  const orders: (readonly OwnFile[])[] = [];
  for (let at = 0; at < files.length; at += FILES_PER_ORDER)
    orders.push(files.slice(at, at + FILES_PER_ORDER));
  if (lanes === null) {
    for (const some of orders) await byOwnThread(some);
  } else {
    await mapLimited(orders, FILES_AT_ONCE, async (some) => {
      const removed = await lanes.remove(some);
      // A lane that is gone may have removed some of them.
      await byOwnThread(removed === null ? some : settle(some, removed));
    });
  }
  await removeEmptyDirectories(
    root,
    files.map(({ path }) => path),
  );
}
