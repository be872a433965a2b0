import { type BigIntStats, type Dirent, lstatSync, readdirSync } from "node:fs";
import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import { fromNodeError } from "../errors/from-node-error.ts";
import { ENTRIES_AT_ONCE } from "./constants.ts";
import type { ListedEntry } from "./look-messages.ts";
import { mapLimited } from "./map-limited.ts";

/** How the disk is asked. */
interface ListingAccess {
  list(directory: string): Dirent[] | Promise<Dirent[]>;
  lookAt(path: string): BigIntStats | Promise<BigIntStats>;
}

/** By Node's pool of threads, for a thread that has other things to do. */
export const pooledListing: ListingAccess = {
  list: (directory) => readdir(directory, { withFileTypes: true }),
  lookAt: (path) => lstat(path, { bigint: true }),
};

/** By the own thread, which waits: several times as fast. */
export const directListing: ListingAccess = {
  list: (directory) => readdirSync(directory, { withFileTypes: true }),
  lookAt: (path) => lstatSync(path, { bigint: true }),
};

/**
 * Lists a directory, with size and time of every regular file. No link is followed.
 *
 * @throws PeerError where the directory cannot be listed, naming it; the signal's reason
 */
export async function listDirectory(
  directory: string,
  access: ListingAccess,
  signal?: AbortSignal,
): Promise<ListedEntry[]> {
  let entries: Dirent[];
  try {
    entries = await access.list(directory);
  } catch (error) {
    throw fromNodeError(error, directory);
  }
  return mapLimited(entries, ENTRIES_AT_ONCE, (entry) => describe(directory, entry, access), signal);
}

async function describe(directory: string, entry: Dirent, access: ListingAccess): Promise<ListedEntry> {
  const { name } = entry;
  if (entry.isDirectory()) return [name, "directory"];
  if (!entry.isFile()) return [name, kindOf(entry)];
  const path = join(directory, name);
  try {
    const stats = await access.lookAt(path);
    return [name, "file", Number(stats.size), String(stats.mtimeNs)];
  } catch (error) {
    const { code, message } = fromNodeError(error, path);
    return [name, "failed", code, message];
  }
}

function kindOf(entry: Dirent): "link" | "socket" | "pipe" | "device" {
  if (entry.isSymbolicLink()) return "link";
  if (entry.isSocket()) return "socket";
  if (entry.isFIFO()) return "pipe";
  return "device";
}
