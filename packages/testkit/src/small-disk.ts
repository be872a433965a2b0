import { mkdtempSync, realpathSync, rmdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { rootUnavailable, run, tryRun } from "./system.ts";

/** A file system of its own with little room. */
export interface SmallDisk extends AsyncDisposable {
  /** Where it is mounted: absolute, with no link in it. */
  readonly path: string;
  join(...names: string[]): string;
}

/** Why {@link smallDisk} cannot work here, or undefined where it can: for the title of a skipped test. */
export function smallDiskUnavailable(): string | undefined {
  const reason = rootUnavailable();
  if (reason !== undefined) return reason;
  unavailable ??= tryOnce();
  return unavailable.reason;
}

let unavailable: { readonly reason: string | undefined } | undefined;

function tryOnce(): { reason: string | undefined } {
  try {
    unmount(mountAt("64k"));
    return { reason: undefined };
  } catch (error) {
    return { reason: `cannot mount: ${error instanceof Error ? error.message : String(error)}` };
  }
}

/** Mounts a tmpfs with room for `bytes` bytes, rounded up to whole pages. It is unmounted when it is disposed. */
export async function smallDisk(bytes: number): Promise<SmallDisk> {
  const path = mountAt(String(bytes));
  return {
    path,
    join: (...names) => join(path, ...names),
    async [Symbol.asyncDispose]() {
      unmount(path);
    },
  };
}

const mounted = new Set<string>();

function mountAt(size: string): string {
  const path = mkdtempSync(join(realpathSync(tmpdir()), "lanspread-disk-"));
  unmountAtExit();
  mounted.add(path);
  run("mount", "-t", "tmpfs", "-o", `size=${size},mode=0700`, "lanspread-test", path);
  return path;
}

let exitHandled = false;

function unmountAtExit(): void {
  if (exitHandled) return;
  exitHandled = true;
  process.once("exit", () => {
    for (const path of mounted) unmount(path);
  });
}

function unmount(path: string): void {
  // Lazily: a file that is still open must not keep the mount point for ever.
  tryRun("umount", "--lazy", path);
  rmdirSync(path);
  mounted.delete(path);
}
