import { open } from "node:fs/promises";
import { errnoOf } from "../errors/index.ts";

/** What file systems say that cannot flush a directory (network shares, Windows). They have no better way to offer. */
const CANNOT_FLUSH = new Set(["EINVAL", "ENOTSUP", "EPERM", "EISDIR", "EBADF"]);

/**
 * Flushes a directory, so that the names that were created, renamed or removed in it survive a power cut.
 *
 * Windows writes names through by itself and cannot open directories: nothing is done there.
 */
export async function flushDirectory(path: string): Promise<void> {
  if (process.platform === "win32") return;
  const directory = await open(path, "r");
  try {
    await directory.sync();
  } catch (error) {
    if (!CANNOT_FLUSH.has(errnoOf(error) ?? "")) throw error;
  } finally {
    await directory.close();
  }
}
