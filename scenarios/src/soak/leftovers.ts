import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/**
 * What a directory must not hold when nobody works in it: temporary names, a socket that nobody serves, and, of a state directory, what
 * was written of an install, an update, an uninstall or a removal that has not ended. The journal of a download may wait for the next one.
 */
const UNFINISHED =
  /^\..*\.tmp$|^control\.sock|^\.version\.ini|^\.local\.|^(install_intent|installed_next|removal)\.json$/;

/** Processes, other than this one, that have `text` in their command line. Of Linux; none elsewhere. */
export async function processesWith(text: string): Promise<readonly number[]> {
  if (!existsSync("/proc/self/cmdline")) return [];
  const pids = (await readdir("/proc")).map(Number).filter((pid) => pid > 0 && pid !== process.pid);
  const found = await Promise.all(
    pids.map(async (pid) => {
      // It may end at this very moment.
      const command = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
      return command.includes(text) ? [pid] : [];
    }),
  );
  return found.flat();
}

/** Every path below a directory that is the trace of something unfinished. */
export async function unfinishedIn(directory: string): Promise<readonly string[]> {
  const entries = await readdir(directory, { withFileTypes: true, recursive: true });
  return entries
    .filter(({ name }) => UNFINISHED.test(name))
    .map(({ parentPath, name }) => join(parentPath, name));
}

/** Everything in a directory that has to be empty. */
export async function everythingIn(directory: string): Promise<readonly string[]> {
  return (await readdir(directory)).map((name) => join(directory, name));
}
