import type { Dirent } from "node:fs";
import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import { fromNodeError } from "../errors/index.ts";
import { ENTRIES_AT_ONCE } from "./constants.ts";
import { listedFile, unseenFile, withoutState } from "./listed-entry.ts";
import type { ListedEntry } from "./look-messages.ts";
import { mapLimited } from "./map-limited.ts";

/**
 * Lists a directory, with size and time of every regular file. No link is followed.
 *
 * @throws PeerError where the directory cannot be listed, naming it; the signal's reason
 */
export async function listDirectory(directory: string, signal?: AbortSignal): Promise<ListedEntry[]> {
  let entries: Dirent[];
  try {
    entries = await readdir(directory, { withFileTypes: true });
  } catch (error) {
    throw fromNodeError(error, directory);
  }
  const describe = async (entry: Dirent): Promise<ListedEntry> =>
    withoutState(entry) ?? (await lookAt(directory, entry.name));
  return await mapLimited(entries, ENTRIES_AT_ONCE, describe, signal);
}

async function lookAt(directory: string, name: string): Promise<ListedEntry> {
  const path = join(directory, name);
  try {
    return listedFile(name, await lstat(path, { bigint: true }));
  } catch (error) {
    return unseenFile(name, path, error);
  }
}
