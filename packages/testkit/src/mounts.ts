import { mkdtempSync, realpathSync, rmdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { isRunning, mountPoints, namesIn, run, tryRun } from "./system.ts";

const PREFIX = "lanspread-disk-";
/** With the id of the process that mounted it. */
const MOUNTED = new RegExp(`/${PREFIX}(\\d+)-\\w+$`);

const mounted = new Set<string>();
let exitHandled = false;

/**
 * Mounts a file system at a new directory and returns its path, absolute and with no link in it. What a killed process left
 * mounted is unmounted first.
 */
export function mountNew(...args: readonly string[]): string {
  // Whose it is: the system chooses the rest of the name.
  const owner = `${PREFIX}${process.pid}-`;
  const path = mkdtempSync(join(realpathSync(tmpdir()), owner));
  unmountOrphans(dirname(path));
  unmountAtExit();
  mounted.add(path);
  run("mount", ...args, path);
  return path;
}

/** Why a file system cannot be mounted here, found out by mounting one; undefined where it can. */
export function whyNotMounted(mountAndUnmount: () => void): string | undefined {
  try {
    mountAndUnmount();
    return undefined;
  } catch (error) {
    return `cannot mount: ${error instanceof Error ? error.message : String(error)}`;
  }
}

export function unmount(path: string): void {
  // Lazily: a file that is still open must not keep the mount point for ever.
  tryRun("umount", "--lazy", path);
  rmdirSync(path);
  mounted.delete(path);
}

function unmountAtExit(): void {
  if (exitHandled) return;
  exitHandled = true;
  process.once("exit", () => {
    for (const path of mounted) unmount(path);
  });
}

/**
 * Unmounts what processes have mounted that are gone, wherever it is, and removes what they had no time to mount at: their ids
 * are in the names.
 */
function unmountOrphans(place: string): void {
  const mounts = new Set(mountPoints());
  for (const path of new Set([...mounts, ...namesIn(place).map((name) => join(place, name))])) {
    const pid = MOUNTED.exec(path)?.[1];
    if (pid === undefined || isRunning(Number(pid))) continue;
    if (mounts.has(path)) tryRun("umount", "--lazy", path);
    try {
      rmdirSync(path);
    } catch {
      // Somebody else was quicker.
    }
  }
}
