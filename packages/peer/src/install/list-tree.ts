import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import { comparePaths } from "@lanspread/proto";
import { fromNodeError } from "../errors/index.ts";
import { mapLimited } from "../library/map-limited.ts";
import { OWNED_MARKER_NAME } from "../storage/index.ts";
import { FILES_AT_ONCE } from "./constants.ts";

/** Something in a directory tree, as it is on this disk: its name need not be safe elsewhere. */
export interface TreeEntry {
  /** Relative, `/` between components. */
  readonly path: string;
  /** `other`: a pipe, a socket or a device, in which nothing is kept. */
  readonly kind: "file" | "directory" | "link" | "other";
  /** Bytes; 0 of what is no file. */
  readonly size: number;
  /** Last change in milliseconds since 1970-01-01 UTC, with their fraction. Of a directory 0. */
  readonly mtimeMs: number;
  /** Permissions. */
  readonly mode: number;
  /** Number of the file system that it is on. */
  readonly device: number;
}

/**
 * Lists everything below a directory, sorted by path, without following links. The marker of a directory of lanspread's is
 * left out.
 *
 * @throws PeerError of the disk, naming the directory or file; what the signal says.
 */
export async function listTree(root: string, signal?: AbortSignal): Promise<readonly TreeEntry[]> {
  const found: TreeEntry[] = [];
  const directories = [""];
  for (let next = 0; next < directories.length; next++) {
    const below = directories[next] ?? "";
    const names = await namesIn(join(root, below));
    const paths = names.map((name) => (below === "" ? name : `${below}/${name}`));
    const entries = await mapLimited(
      paths.filter((path) => path !== OWNED_MARKER_NAME),
      FILES_AT_ONCE,
      (path) => entryOf(root, path),
      signal,
    );
    for (const entry of entries) if (entry.kind === "directory") directories.push(entry.path);
    found.push(...entries);
  }
  return found.sort((a, b) => comparePaths(a.path, b.path));
}

async function namesIn(directory: string): Promise<readonly string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    throw fromNodeError(error, directory);
  }
}

async function entryOf(root: string, path: string): Promise<TreeEntry> {
  try {
    const stats = await lstat(join(root, path));
    const [mode, device] = [stats.mode & 0o777, stats.dev];
    if (stats.isDirectory()) return { path, kind: "directory", size: 0, mtimeMs: 0, mode, device };
    const kind = stats.isFile() ? "file" : stats.isSymbolicLink() ? "link" : "other";
    return { path, kind, size: kind === "file" ? stats.size : 0, mtimeMs: stats.mtimeMs, mode, device };
  } catch (error) {
    throw fromNodeError(error, join(root, path));
  }
}
