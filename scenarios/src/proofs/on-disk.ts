import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import { count, formatBytes } from "lanspread";
import type { KnownGame } from "../library/fixtures.ts";
import { differences, digestTree, type TreeDigest } from "../tree-digest.ts";

/** What was compared: for the proof of a scenario. */
export type Compared = string;

/** Every file of a downloaded game, `local/` left out, has the bytes that it was made with, and there is no other. */
export async function sameGame(game: KnownGame, root: string): Promise<Compared> {
  const have = await digestTree(root, { skip: (path) => path === "local" });
  return same(game.id, game.root, have);
}

/** `local/` holds what went into the archives, and nothing else. */
export async function sameInstall(game: KnownGame, root: string): Promise<Compared> {
  return same(`${game.id}/local`, game.local, await digestTree(join(root, "local")));
}

/** @throws Error that names each file that is not as it should be */
export function same(what: string, expected: TreeDigest, actual: TreeDigest): Compared {
  const found = differences(expected, actual);
  if (found.length > 0) throw new Error(`${what}: ${found.join("; ")}`);
  const bytes = [...expected.values()].reduce((sum, { size }) => sum + size, 0);
  return `${what}: ${count(expected.size, "file")}, ${formatBytes(bytes)} equal by SHA-256`;
}

/** Nothing is at this path, not even a link that leads nowhere. */
export async function absent(...paths: readonly string[]): Promise<void> {
  for (const path of paths) if (await exists(path)) throw new Error(`${path} should not be there`);
}

/** Something is at each of these paths. */
export async function present(...paths: readonly string[]): Promise<void> {
  for (const path of paths) if (!(await exists(path))) throw new Error(`${path} should be there`);
}

/** A directory has exactly these entries. */
export async function entriesAre(directory: string, expected: readonly string[]): Promise<void> {
  const have = (await readdir(directory)).sort();
  const want = [...expected].sort();
  if (have.join("\n") === want.join("\n")) return;
  throw new Error(`${directory} has ${JSON.stringify(have)} instead of ${JSON.stringify(want)}`);
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT" || error.code === "ENOTDIR") return false;
      throw error;
    },
  );
}
