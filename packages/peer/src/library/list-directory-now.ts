import { type Dirent, lstatSync, readdirSync } from "node:fs";
import { fromNodeError } from "../errors/from-node-error.ts";
import { entryPath, listedFile, unseenFile, withoutState } from "./listed-entry.ts";
import type { ListedEntry } from "./look-messages.ts";

/**
 * What `listDirectory` does, without giving way to anybody: for threads that do nothing else, in a fraction of the time.
 *
 * @throws PeerError where the directory cannot be listed, naming it
 */
export function listDirectoryNow(directory: string): ListedEntry[] {
  let entries: Dirent[];
  try {
    entries = readdirSync(directory, { withFileTypes: true });
  } catch (error) {
    throw fromNodeError(error, directory);
  }
  return entries.map((entry) => withoutState(entry) ?? lookAt(directory, entry.name));
}

function lookAt(directory: string, name: string): ListedEntry {
  const path = entryPath(directory, name);
  try {
    return listedFile(name, lstatSync(path, { bigint: true }));
  } catch (error) {
    return unseenFile(name, path, error);
  }
}
