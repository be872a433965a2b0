import { type GameId, gameVersionSchema } from "@lanspread/proto";
import { z } from "zod";
import { ensureGameDir, readJson, type StateDir, writeFileDurably } from "../storage/index.ts";
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
  await ensureGameDir(stateDir, gameId);
  const text = JSON.stringify({ format: 1, ...list } satisfies z.infer<typeof installedListSchema>);
  await writeFileDurably(stateDir.installedList(gameId), `${text}\n`);
}

/** What the last install put into `local/`; undefined where nobody knows (a damaged list is set aside). */
export async function readInstalledList(
  stateDir: StateDir,
  gameId: GameId,
): Promise<InstalledList | undefined> {
  const file = await readJson(stateDir.installedList(gameId), installedListSchema);
  return file.status === "ok" ? { version: file.value.version, files: file.value.files } : undefined;
}

export async function forgetInstalledList(stateDir: StateDir, gameId: GameId): Promise<void> {
  await removeDurably(stateDir.installedList(gameId));
}
