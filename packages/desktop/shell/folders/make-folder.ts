import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { PeerError, toPeerError } from "@lanspread/peer/base";
import { checkName } from "./check-path.ts";
import { requireFolder, within } from "./require-folder.ts";

/**
 * Makes a folder in another one.
 *
 * @returns its path
 * @throws PeerError `bad-request` for a name that no folder has everywhere, `already-exists`, and as {@link requireFolder}
 */
export async function makeFolder(parent: string, name: string): Promise<string> {
  const refused = checkName(name);
  if (refused !== null) throw new PeerError("bad-request", refused, { hint: "Take another name." });
  const path = join(await requireFolder(parent), name);
  try {
    await within(mkdir(path), path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") {
      throw new PeerError("already-exists", `${path} is there already.`, { hint: "Take another name." });
    }
    if (code === "EACCES" || code === "EPERM" || code === "EROFS") {
      throw new PeerError("no-permission", `Nothing can be put into ${parent}.`);
    }
    throw toPeerError(error);
  }
  return path;
}
