import { mkdir, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { errnoOf, fromNodeError, PeerError } from "../errors/index.ts";

/**
 * Makes a directory, and those above it that are missing; what is there already stays as it is.
 *
 * Node's own recursive `mkdir` is not used for places that a person named: it never returns where the system makes no
 * directories (below `/proc`), and says that a directory is missing where the file system is read-only.
 *
 * @param mode of the directories that are made, less the process's umask. Default 0o777.
 * @throws PeerError `no-permission`, `not-a-directory`, `no-such-directory` (a drive), `disk-full`, `path-too-long`,
 *   naming the directory that could not be made.
 */
export async function makeDirectories(path: string, mode?: number): Promise<void> {
  const missing: string[] = [];
  // Upward to what is there, then down again: each name is tried twice at most.
  for (let at = resolve(path); !(await make(at, mode, "look above")); at = dirname(at)) missing.push(at);
  for (const at of missing.reverse()) await make(at, mode, "give up");
}

/** @returns false where the directory above is missing, too, and `otherwise` says that it is worth a look. */
async function make(
  path: string,
  mode: number | undefined,
  otherwise: "look above" | "give up",
): Promise<boolean> {
  try {
    await mkdir(path, mode === undefined ? {} : { mode });
    return true;
  } catch (error) {
    const errno = errnoOf(error);
    if (errno !== "ENOENT") {
      // Systems differ in what they say of a directory that is there, above all of a drive's root.
      if (await isDirectory(path)) return true;
      if (errno !== "EEXIST") throw fromNodeError(error, path);
      throw new PeerError("not-a-directory", `${path} is no directory`, { cause: error });
    }
    // A drive that is not there.
    if (dirname(path) === path) throw fromNodeError(error, path);
    if (otherwise === "look above") return false;
    throw new PeerError("no-permission", `${path}: the system makes no directories there`, {
      cause: error,
      hint: "Choose another directory.",
    });
  }
}

async function isDirectory(path: string): Promise<boolean> {
  return stat(path).then(
    (info) => info.isDirectory(),
    () => false,
  );
}
