import { readdir, stat } from "node:fs/promises";
import { homedir, userInfo } from "node:os";
import { basename, join } from "node:path";
import type { FolderPlace } from "../../protocol/folders.ts";

/** Where systems put what is plugged in. */
const DRIVE_FOLDERS: Readonly<Partial<Record<NodeJS.Platform, readonly string[]>>> = {
  darwin: ["/Volumes"],
  linux: ["/media", "/run/media", "/mnt"],
};

/** Drives that are shown at most. */
const MOST_DRIVES = 16;

const LETTERS = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZ"];

export function homeOf(): string {
  return homedir();
}

/** Where a way through the folders begins: the home folder, the root, and drives that are there. */
export async function listPlaces(
  platform: NodeJS.Platform = process.platform,
): Promise<readonly FolderPlace[]> {
  const home: FolderPlace = { kind: "home", path: homeOf(), name: basename(homeOf()) || homeOf() };
  if (platform === "win32") {
    const drives = await Promise.all(LETTERS.map((letter) => driveAt(`${letter}:\\`, `${letter}:`)));
    return [home, ...drives.flat()];
  }
  const found = await Promise.all((DRIVE_FOLDERS[platform] ?? []).map(drivesIn));
  return [home, { kind: "root", path: "/", name: "/" }, ...found.flat().slice(0, MOST_DRIVES)];
}

async function driveAt(path: string, name: string): Promise<readonly FolderPlace[]> {
  const stats = await stat(path).catch(() => null);
  return stats?.isDirectory() === true ? [{ kind: "drive", path, name }] : [];
}

/** Folders of an own name are of one user: the drives are in them. */
async function drivesIn(folder: string): Promise<readonly FolderPlace[]> {
  const names = (await readdir(folder).catch(() => [])).sort().slice(0, MOST_DRIVES);
  const user = userName();
  const found = await Promise.all(
    names.map((name) => (name === user ? drivesIn(join(folder, name)) : driveAt(join(folder, name), name))),
  );
  return found.flat();
}

function userName(): string | null {
  try {
    return userInfo().username;
  } catch {
    return null;
  }
}
