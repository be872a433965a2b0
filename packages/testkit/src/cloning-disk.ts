import { spawnSync } from "node:child_process";
import { mkdtempSync, realpathSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mountNew, unmount, whyNotMounted } from "./mounts.ts";
import type { SmallDisk } from "./small-disk.ts";
import { rootUnavailable, run } from "./system.ts";

/** Of Debian's `btrfs-progs`. */
const MAKE_FILE_SYSTEM = "mkfs.btrfs";

/** The least with which it is content, and some room. */
const MIN_BYTES = 128 * 1024 * 1024;

/** Why {@link cloningDisk} cannot work here, or undefined where it can: for the title of a skipped test. */
export function cloningDiskUnavailable(): string | undefined {
  const reason = rootUnavailable();
  if (reason !== undefined) return reason;
  unavailable ??= tryOnce();
  return unavailable.reason;
}

let unavailable: { readonly reason: string | undefined } | undefined;

function tryOnce(): { reason: string | undefined } {
  if (spawnSync(MAKE_FILE_SYSTEM, ["--version"]).status !== 0) return { reason: "needs btrfs-progs" };
  return { reason: whyNotMounted(() => mountImage(MIN_BYTES).remove()) };
}

/**
 * Mounts a btrfs of `bytes` bytes, some of which are its own, from a file: files on it can share their blocks. It is
 * unmounted when it is disposed, and nothing stays.
 */
export async function cloningDisk(bytes: number): Promise<SmallDisk> {
  const { path, remove } = mountImage(Math.max(bytes, MIN_BYTES));
  return {
    path,
    join: (...names) => join(path, ...names),
    async [Symbol.asyncDispose]() {
      remove();
    },
  };
}

function mountImage(bytes: number): { readonly path: string; readonly remove: () => void } {
  const place = mkdtempSync(join(realpathSync(tmpdir()), "lanspread-image-"));
  const image = join(place, "image");
  try {
    writeFileSync(image, "");
    truncateSync(image, bytes);
    run(MAKE_FILE_SYSTEM, "--quiet", "--metadata", "single", image);
    const path = mountNew("-t", "btrfs", "-o", "loop", image);
    // It is mounted: the name is not needed any more, and nothing is left if the process is killed but the mount.
    rmSync(place, { recursive: true });
    return { path, remove: () => unmount(path) };
  } catch (error) {
    rmSync(place, { recursive: true, force: true });
    throw error;
  }
}
