import { copyFile, mkdir, realpath } from "node:fs/promises";
import { dirname, join } from "node:path";
import { run } from "../support/run.ts";

/** What a program that is started by its name in a script's first line is found as. */
const SHELL = "/bin/sh";

/**
 * Puts into an empty folder what even a minimal system has: a shell, the dynamic linker, and of the C and C++ libraries those
 * that the given programs and libraries name.
 *
 * @returns the libraries, by their paths
 */
export async function makeEmptyRoot(root: string, programs: readonly string[]): Promise<readonly string[]> {
  const libraries = new Set<string>();
  for (const program of [SHELL, ...programs]) {
    for (const [, path = ""] of run("ldd", program).matchAll(/(?:^|\s)(\/\S+) \(0x/gmu)) libraries.add(path);
  }
  for (const path of [SHELL, ...libraries]) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await copyFile(await realpath(path), join(root, path));
  }
  for (const name of ["dev", "proc", "tmp", "home", "opt"])
    await mkdir(join(root, name), { recursive: true });
  run("mknod", "-m", "666", join(root, "dev/null"), "c", "1", "3");
  run("mknod", "-m", "666", join(root, "dev/urandom"), "c", "1", "9");
  return [...libraries].sort();
}
