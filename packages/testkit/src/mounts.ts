import { mkdtempSync, realpathSync, rmdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run, tryRun } from "./system.ts";

const mounted = new Set<string>();
let exitHandled = false;

/** Mounts a file system at a new directory and returns its path, absolute and with no link in it. */
export function mountNew(...args: readonly string[]): string {
  const path = mkdtempSync(join(realpathSync(tmpdir()), "lanspread-disk-"));
  unmountAtExit();
  mounted.add(path);
  run("mount", ...args, path);
  return path;
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
