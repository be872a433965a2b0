import { lstat, readlink, rmdir, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { findProfileOwner } from "./profile-owner.ts";

/** Link in a profile of Chromium to its socket, which has a folder of its own among temporary files. Not on Windows. */
const SOCKET = "SingletonSocket";

/** Link beside that socket. */
const COOKIE = "SingletonCookie";

/**
 * Removes the socket of a browser that has ended, and its folder where nothing else is in it: one that is ended by a signal leaves
 * them. Never rejects.
 *
 * @param profile the app's own: what it names is of a browser that the app has started
 */
export async function removeSocket(profile: string): Promise<void> {
  const socket = await readlink(join(profile, SOCKET)).catch(() => null);
  if (socket === null || (await findProfileOwner(profile)) !== null) return;
  const cookie = join(dirname(socket), COOKIE);
  try {
    if (!(await lstat(socket)).isSocket() || !(await lstat(cookie)).isSymbolicLink()) return;
    await unlink(socket);
    await unlink(cookie);
    await rmdir(dirname(socket));
  } catch {
    // It is gone already, or cannot be removed: nobody needs it.
  }
}
