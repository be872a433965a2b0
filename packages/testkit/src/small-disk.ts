import { join } from "node:path";
import { mountNew, unmount, whyNotMounted } from "./mounts.ts";
import { rootUnavailable } from "./system.ts";

/** A file system of its own. */
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
  return { reason: whyNotMounted(() => unmount(mountTmpfs("64k"))) };
}

/** Mounts a tmpfs with room for `bytes` bytes, rounded up to whole pages. It is unmounted when it is disposed. */
export async function smallDisk(bytes: number): Promise<SmallDisk> {
  const path = mountTmpfs(String(bytes));
  return {
    path,
    join: (...names) => join(path, ...names),
    async [Symbol.asyncDispose]() {
      unmount(path);
    },
  };
}

function mountTmpfs(size: string): string {
  return mountNew("-t", "tmpfs", "-o", `size=${size},mode=0700`, "lanspread-test");
}
