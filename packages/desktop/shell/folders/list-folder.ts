import type { Dirent } from "node:fs";
import { access, constants, opendir, stat, statfs } from "node:fs/promises";
import { dirname, join } from "node:path";
import { PeerError } from "@lanspread/peer/base";
import type { FolderEntry, FolderListing, FolderProblem } from "../../protocol/folders.ts";
import { LOOKS_AT_ONCE, MOST_ENTRIES_READ, MOST_FOLDERS } from "./constants.ts";
import { homeOf, listPlaces } from "./places.ts";
import { requireFolder, within } from "./require-folder.ts";

/**
 * Lists the folders in a folder, for somebody who chooses one. Links to folders count; files, devices and what leads nowhere
 * do not.
 *
 * @param text path that a page has sent; null is the home folder
 * @throws PeerError `bad-request`, `no-such-directory`, `not-a-directory`, `no-permission`, `disk-error`
 */
export async function listFolder(text: string | null): Promise<FolderListing> {
  const path = await requireFolder(text ?? homeOf());
  const parent = dirname(path);
  const [{ found, isCut }, problem, freeBytes, places] = await within(
    Promise.all([namesIn(path), problemOf(path), freeBytesAt(path), listPlaces()]),
    path,
  );
  const entries = await within(describeAll(path, found), path);
  return { path, parent: parent === path ? null : parent, problem, freeBytes, entries, isCut, places };
}

interface Found {
  readonly name: string;
  readonly isLink: boolean;
}

async function namesIn(path: string): Promise<{ readonly found: readonly Found[]; readonly isCut: boolean }> {
  const found: Found[] = [];
  let seen = 0;
  try {
    for await (const entry of await opendir(path)) {
      seen += 1;
      if (mayBeFolder(entry)) found.push({ name: entry.name, isLink: entry.isSymbolicLink() });
      if (found.length > MOST_FOLDERS || seen > MOST_ENTRIES_READ) break;
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "EACCES" && code !== "EPERM") throw error;
    throw new PeerError("no-permission", `The folder ${path} may not be read.`);
  }
  const isCut = found.length > MOST_FOLDERS || seen > MOST_ENTRIES_READ;
  return { found: found.slice(0, MOST_FOLDERS), isCut };
}

function mayBeFolder(entry: Dirent): boolean {
  return entry.isDirectory() || entry.isSymbolicLink();
}

async function describeAll(path: string, found: readonly Found[]): Promise<readonly FolderEntry[]> {
  const entries: FolderEntry[] = [];
  const queue = found.values();
  const lane = async (): Promise<void> => {
    for (const { name, isLink } of queue) {
      const child = join(path, name);
      if (isLink && !(await isFolder(child))) continue;
      entries.push({ name, isHidden: isHidden(name), isLink, problem: await problemOf(child) });
    }
  };
  await Promise.all(Array.from({ length: LOOKS_AT_ONCE }, lane));
  const { compare } = new Intl.Collator(undefined, { numeric: true });
  return entries.sort((one, other) => compare(one.name, other.name));
}

async function isFolder(path: string): Promise<boolean> {
  const stats = await stat(path).catch(() => null);
  return stats?.isDirectory() === true;
}

/** As people's file managers have it. Windows says what is hidden to nobody who asks through Node. */
function isHidden(name: string): boolean {
  return (
    name.startsWith(".") || (process.platform === "win32" && /^\$|^System Volume Information$/iu.test(name))
  );
}

async function problemOf(path: string): Promise<FolderProblem | null> {
  if (!(await may(path, constants.R_OK | constants.X_OK))) return "unreadable";
  return (await may(path, constants.W_OK)) ? null : "read-only";
}

function may(path: string, what: number): Promise<boolean> {
  return access(path, what).then(
    () => true,
    () => false,
  );
}

async function freeBytesAt(path: string): Promise<number | null> {
  try {
    const { bavail, bsize } = await statfs(path);
    return bavail * bsize;
  } catch {
    return null;
  }
}
