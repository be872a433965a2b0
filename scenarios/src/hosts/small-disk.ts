import { execFileSync } from "node:child_process";
import { mkdir } from "node:fs/promises";

/** A file system of its own with little room. */
export interface SmallDisk {
  readonly path: string;
  /** Makes it larger or smaller. */
  resize(bytes: number): void;
  setReadOnly(isReadOnly: boolean): void;
}

/** Mounts a tmpfs at a new folder of the scenario. Needs root on Linux. */
export async function mountSmallDisk(
  stage: { readonly defer: (undo: () => unknown) => void },
  path: string,
  bytes: number,
): Promise<SmallDisk> {
  await mkdir(path, { recursive: true });
  mount("-t", "tmpfs", "-o", `size=${bytes},mode=0700`, "lanspread-scenario", path);
  // Lazily: a file that is still open must not keep the mount point for ever.
  stage.defer(() => execFileSync("umount", ["--lazy", path], { stdio: "ignore" }));
  return {
    path,
    resize: (size) => mount("-o", `remount,size=${size}`, path),
    setReadOnly: (isReadOnly) => mount("-o", `remount,${isReadOnly ? "ro" : "rw"}`, path),
  };
}

function mount(...args: string[]): void {
  execFileSync("mount", args, { stdio: ["ignore", "ignore", "pipe"] });
}
