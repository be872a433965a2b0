import { rename } from "node:fs/promises";
import { type GameId, type GameVersion, gameVersionSchema } from "@lanspread/proto";
import { z } from "zod";
import { errnoOf, fromNodeError } from "../errors/index.ts";
import {
  ensureGameDir,
  flushDirectory,
  readJson,
  type StateDir,
  stateDirLayout,
  writeFileDurably,
} from "../storage/index.ts";
import { removeDurably } from "./intent.ts";

const installedListSchema = z.strictObject({
  format: z.literal(1),
  version: gameVersionSchema,
  files: z.array(
    z.strictObject({
      path: z.string(),
      size: z.int().nonnegative(),
      crc32: z.int().nonnegative(),
      mtime: z.number(),
    }),
  ),
});

/**
 * What an install put into `local/`: every file as it was then. A file that differs by now, or is not in the list, is
 * the user's.
 */
export type InstalledList = Omit<z.infer<typeof installedListSchema>, "format">;

export async function writeInstalledList(
  stateDir: StateDir,
  gameId: GameId,
  list: InstalledList,
): Promise<void> {
  await writeList(stateDir, gameId, stateDir.installedList(gameId), list);
}

/** Writes what an update is about to install beside the list of what is installed, which stays true until then. */
export async function writeComingList(
  stateDir: StateDir,
  gameId: GameId,
  list: InstalledList,
): Promise<void> {
  await writeList(stateDir, gameId, stateDir.comingInstalledList(gameId), list);
}

/** The update is installed: its list takes the place of the old one. Does nothing where that has happened already. */
export async function adoptComingList(stateDir: StateDir, gameId: GameId): Promise<void> {
  const coming = stateDir.comingInstalledList(gameId);
  try {
    // Launch settings were applied to the old install.
    await removeDurably(stateDir.launchSettingsApplied(gameId));
    await rename(coming, stateDir.installedList(gameId));
    await flushDirectory(stateDir.gameDir(gameId));
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw fromNodeError(error, coming);
  }
}

/** The update was undone: the list of what is installed stays. */
export async function dropComingList(stateDir: StateDir, gameId: GameId): Promise<void> {
  await removeDurably(stateDir.comingInstalledList(gameId));
}

async function writeList(
  stateDir: StateDir,
  gameId: GameId,
  path: string,
  list: InstalledList,
): Promise<void> {
  await ensureGameDir(stateDir, gameId);
  const text = JSON.stringify({ format: 1, ...list } satisfies z.infer<typeof installedListSchema>);
  await writeFileDurably(path, `${text}\n`);
}

/** What the last install put into `local/`; undefined where nobody knows (a damaged list is set aside). */
export async function readInstalledList(
  stateDir: StateDir,
  gameId: GameId,
): Promise<InstalledList | undefined> {
  const file = await readJson(stateDir.installedList(gameId), installedListSchema);
  return file.status === "ok" ? { version: file.value.version, files: file.value.files } : undefined;
}

/** The version that the last install brought; null where nobody knows. For hosts. @param stateDir path of the state directory */
export async function installedVersion(stateDir: string, gameId: GameId): Promise<GameVersion | null> {
  return (await readInstalledList(stateDirLayout(stateDir), gameId))?.version ?? null;
}

export async function forgetInstalledList(stateDir: StateDir, gameId: GameId): Promise<void> {
  await removeDurably(stateDir.installedList(gameId));
}
