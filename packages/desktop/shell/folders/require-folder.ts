import { stat } from "node:fs/promises";
import { PeerError, toPeerError } from "@lanspread/peer/base";
import { checkPath } from "./check-path.ts";
import { ANSWER_MS } from "./constants.ts";

/**
 * The folder at a path that a page has sent. Links to folders are followed; what a link leads to is looked at, not the link.
 *
 * @returns the path, in its usual form
 * @throws PeerError `bad-request` for a path that is refused, `no-such-directory`, `not-a-directory`, `no-permission`, `disk-error`
 *   where the drive does not answer
 */
export async function requireFolder(text: string): Promise<string> {
  const path = requirePath(text);
  let isFolder: boolean;
  try {
    isFolder = (await within(stat(path), path)).isDirectory();
  } catch (error) {
    if (error instanceof PeerError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") throw new PeerError("no-such-directory", `The folder ${path} is not there.`);
    if (code === "ENOTDIR") throw notAFolder(path);
    if (code === "EACCES" || code === "EPERM") {
      throw new PeerError("no-permission", `The folder ${path} may not be looked at.`);
    }
    if (code === "ELOOP") throw new PeerError("not-a-directory", `${path} is a link that leads to itself.`);
    throw toPeerError(error);
  }
  if (!isFolder) throw notAFolder(path);
  return path;
}

/** @throws PeerError `bad-request` */
function requirePath(text: string): string {
  const checked = checkPath(text, process.platform);
  if ("path" in checked) return checked.path;
  throw new PeerError("bad-request", checked.refused, { hint: "Choose a folder." });
}

/** @throws PeerError `disk-error` where a drive does not answer */
export async function within<T>(work: Promise<T>, path: string): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    late.reject(new PeerError("disk-error", `The drive of ${path} does not answer.`));
  }, ANSWER_MS);
  work.catch(() => {});
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

function notAFolder(path: string): PeerError {
  return new PeerError("not-a-directory", `${path} is no folder.`);
}
