import type { BigIntStats } from "node:fs";
import { lstat, readdir } from "node:fs/promises";
import { join, sep } from "node:path";
import { fromNodeError, PeerError } from "../../errors/index.ts";
import { mapLimited } from "../../library/map-limited.ts";
import { isForeignName, isLocalName, SENTINEL_NAME } from "../../storage/index.ts";
import { mountPointsIn } from "../mount-points.ts";
import { mounted } from "../require-one-file-system.ts";
import { DELETIONS_AT_ONCE } from "./constants.ts";
import type { ListedEntry, RemovalList } from "./removal-list.ts";

/**
 * Lists everything in a game root but the sentinel, which goes by itself, and the names of other programs: files, links
 * (not what is behind them), and directories. The user asks for the game to go, and what they put beside it is a part of it.
 *
 * @throws PeerError `forbidden-path` where another file system, or a folder from elsewhere, is mounted in it, and others when
 *   something cannot be read, naming it.
 */
export async function listRoot(root: string, signal?: AbortSignal): Promise<RemovalList> {
  const entries: ListedEntry[] = [];
  const directories: string[] = [];
  const { dev } = await look(root);
  for (let next = -1; next < directories.length; next++) {
    const parent = directories[next];
    signal?.throwIfAborted();
    const names = (await namesIn(join(root, parent ?? ""))).filter(
      (name) => parent !== undefined || !(isKept(name) || name === SENTINEL_NAME),
    );
    await mapLimited(
      names,
      DELETIONS_AT_ONCE,
      async (name) => {
        const path = parent === undefined ? name : `${parent}/${name}`;
        const stats = await look(join(root, path));
        if (!stats.isDirectory()) {
          entries.push({ path, size: Number(stats.size), mtimeNs: String(stats.mtimeNs) });
        } else if (stats.dev === dev) {
          directories.push(path);
        } else {
          throw mounted(join(root, path));
        }
      },
      signal,
    );
  }
  const points = (await mountPointsIn(root)).map((point) => point.split(sep));
  const point = points.find(([first = ""]) => first !== "" && !isKept(first));
  if (point !== undefined) throw mounted(join(root, ...point));
  return { entries, directories };
}

/** Whether a removal keeps what is at a name of the root, with all that is in it. */
function isKept(name: string): boolean {
  return isForeignName(name) || isLocalName(name);
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    throw fromNodeError(error, directory);
  }
}

async function look(path: string): Promise<BigIntStats> {
  // Node puts replacement characters for bytes that are no UTF-8: such a name cannot be looked up again.
  if (path.includes("\uFFFD")) throw new PeerError("forbidden-path", `${path}: the name is no valid UTF-8`);
  try {
    return await lstat(path, { bigint: true });
  } catch (error) {
    throw fromNodeError(error, path);
  }
}
