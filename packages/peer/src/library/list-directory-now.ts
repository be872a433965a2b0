import { type Dirent, lstatSync, readdirSync } from "node:fs";
import { fromNodeError } from "../errors/from-node-error.ts";
import { entryPath, listedFile, unseenFile, withoutState } from "./listed-entry.ts";
import type { ListedEntry, NamedEntry } from "./look-messages.ts";

/**
 * What `listDirectory` does, without giving way to anybody: for threads that do nothing else, in a fraction of the time.
 *
 * @throws PeerError where the directory cannot be listed, naming it
 */
export function listDirectoryNow(directory: string): ListedEntry[] {
  return read(directory).map((entry) => withoutState(entry) ?? lookAt(directory, entry.name));
}

/** As {@link listDirectoryNow}, by names alone. */
export function listNamesNow(directory: string): NamedEntry[] {
  return read(directory).map((entry) => withoutState(entry) ?? [entry.name, "file"]);
}

function read(directory: string): Dirent[] {
  try {
    return readdirSync(directory, { withFileTypes: true });
  } catch (error) {
    throw fromNodeError(error, directory);
  }
}

function lookAt(directory: string, name: string): ListedEntry {
  const path = entryPath(directory, name);
  try {
    return listedFile(name, lstatSync(path, { bigint: true }));
  } catch (error) {
    return unseenFile(name, path, error);
  }
}
