import type { BigIntStats, Dirent } from "node:fs";
import { sep } from "node:path";
import { fromNodeError } from "../errors/from-node-error.ts";
import type { ListedEntry, StatelessEntry } from "./look-messages.ts";

/** An entry whose state is of no interest; null for a regular file. */
export function withoutState(entry: Dirent): StatelessEntry | null {
  if (entry.isFile()) return null;
  if (entry.isDirectory()) return [entry.name, "directory"];
  return [entry.name, kindOf(entry)];
}

export function listedFile(name: string, stats: BigIntStats): ListedEntry {
  return [name, "file", Number(stats.size), String(stats.mtimeNs)];
}

/** A regular file that could not be looked at. */
export function unseenFile(name: string, path: string, error: unknown): ListedEntry {
  const { code, message } = fromNodeError(error, path);
  return [name, "failed", code, message];
}

/**
 * The path of an entry of a directory. `join` would look at every character of both, which takes most of the time where a
 * thousand roots are looked at.
 *
 * @param directory absolute, as `join` or `resolve` made it
 */
export function entryPath(directory: string, name: string): string {
  return `${directory}${sep}${name}`;
}

function kindOf(entry: Dirent): "link" | "socket" | "pipe" | "device" {
  if (entry.isSymbolicLink()) return "link";
  if (entry.isSocket()) return "socket";
  if (entry.isFIFO()) return "pipe";
  return "device";
}
