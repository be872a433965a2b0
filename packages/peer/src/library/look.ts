import { createHash } from "node:crypto";
import type { Dirent } from "node:fs";
import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import { fromNodeError } from "../errors/index.ts";
import { isForeignName, isLocalName, isReservedName, LOCAL_NAME, SENTINEL_NAME } from "../storage/index.ts";
import { ARCHIVE_EXTENSION, ENTRIES_AT_ONCE } from "./constants.ts";
import { mapLimited } from "./map-limited.ts";
import { readSentinel, type Sentinel } from "./sentinel.ts";

/** What one cheap look at a game root shows: one directory listing, and the state of a few files. */
export interface RootLook {
  /** SHA-256, hexadecimal. While it is unchanged, nothing below the root is walked. */
  readonly fingerprint: string;
  readonly sentinel: Sentinel;
  /** Whether `local/` is there, as a directory. */
  readonly installed: boolean;
  readonly warnings: readonly string[];
}

/**
 * Looks at a game root. The fingerprint covers `version.ini` (time, size, content), the archives of the root (names,
 * sizes, times), which other names the root has, and whether `local/` is there as a directory.
 *
 * @throws PeerError when the root cannot be read: `no-such-directory`, `not-a-directory`, `no-permission`.
 */
export async function lookAtRoot(root: string, signal?: AbortSignal): Promise<RootLook> {
  let listing: Dirent[];
  try {
    listing = await readdir(root, { withFileTypes: true });
  } catch (error) {
    throw fromNodeError(error, root);
  }
  const warnings: string[] = [];
  const archives: string[] = [];
  const others: string[] = [];
  let installed = false;
  let sentinel: Sentinel = { status: "missing" };
  for (const entry of listing) {
    const { name } = entry;
    if (name === SENTINEL_NAME) {
      sentinel = await readSentinel(root);
    } else if (name === LOCAL_NAME) {
      installed = entry.isDirectory();
      if (!installed)
        warnings.push(`${join(root, name)} is no directory: the game does not count as installed`);
    } else if (isReservedName(name) || isForeignName(name) || isLocalName(name)) {
      // No payload: what happens there changes nothing that is listed.
    } else if (name.toLowerCase() === SENTINEL_NAME) {
      warnings.push(`${join(root, name)} is ignored: its name must be ${SENTINEL_NAME}, in lower case`);
      others.push(name);
    } else if (name.toLowerCase().endsWith(ARCHIVE_EXTENSION) && entry.isFile()) {
      archives.push(name);
    } else {
      others.push(name);
    }
  }
  const archiveStamps = await mapLimited(
    archives.sort(),
    ENTRIES_AT_ONCE,
    (name) => stampOf(root, name),
    signal,
  );
  if (sentinel.status === "invalid") warnings.unshift(sentinel.warning);
  const stamp = sentinel.status === "missing" ? null : sentinel.stamp;
  const fingerprint = createHash("sha256")
    .update(JSON.stringify(["lanspread-fingerprint", 1, stamp, archiveStamps, others.sort(), installed]))
    .digest("hex");
  return { fingerprint, sentinel, installed, warnings };
}

async function stampOf(root: string, name: string): Promise<[name: string, size: string, mtimeNs: string]> {
  const path = join(root, name);
  try {
    const stats = await lstat(path, { bigint: true });
    return [name, String(stats.size), String(stats.mtimeNs)];
  } catch (error) {
    throw fromNodeError(error, path);
  }
}
