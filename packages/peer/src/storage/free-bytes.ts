import { statfs } from "node:fs/promises";
import { fromNodeError } from "../errors/index.ts";

/**
 * Bytes that may be written yet on the disk of a directory.
 *
 * @throws PeerError with the directory, where the system does not say
 */
export async function freeBytes(directory: string): Promise<number> {
  try {
    const { bavail, bsize } = await statfs(directory);
    return bavail * bsize;
  } catch (error) {
    throw fromNodeError(error, directory);
  }
}
