import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { errnoOf, fromNodeError } from "../errors/index.ts";

/** Never waiting for the other end of a pipe. Windows does not know it. */
const READ_SAFELY = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

export type RegularFile =
  | { readonly status: "ok"; readonly bytes: Buffer }
  | { readonly status: "missing" }
  /** Something is there that cannot be what was written: a directory, pipe, socket or device, or too many bytes. */
  | { readonly status: "other"; readonly reason: string };

/**
 * Reads a file of at most `maxBytes`. Whatever lies in its place, it neither waits nor reads without end.
 *
 * @throws PeerError when the file is there but cannot be read (`no-permission`, `disk-error`)
 */
export async function readRegularFile(path: string, maxBytes: number): Promise<RegularFile> {
  try {
    await using file = await open(path, READ_SAFELY);
    const stats = await file.stat();
    if (stats.isDirectory()) return other("a directory lies in its place");
    if (!stats.isFile()) return other("what lies in its place is no regular file");
    if (stats.size > maxBytes) return other(`${stats.size} bytes are too many for this file`);
    return { status: "ok", bytes: await file.readFile() };
  } catch (error) {
    switch (errnoOf(error)) {
      case "ENOENT":
        return { status: "missing" };
      case "EISDIR":
        return other("a directory lies in its place");
      case "ELOOP":
      case "ENXIO":
        return other("what lies in its place is no regular file");
      default:
        throw fromNodeError(error, path);
    }
  }
}

function other(reason: string): RegularFile {
  return { status: "other", reason };
}
