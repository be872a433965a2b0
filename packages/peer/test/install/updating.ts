import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Rar5Entry, seededBytes, writeRar5 } from "@lanspread/testkit";
import { type UpdateOptions, type UpdateResult, updateGame } from "../../src/install/index.ts";
import { createGame, install, MTIME, unpacker } from "./installing.ts";
import { type Files, GGOO, type Rig, writeFiles } from "./support.ts";

/** What two versions of a game consist of. */
export const OLD: Rar5Entry[] = [
  { name: "data/level.bin", content: seededBytes(1, 300_000), mtime: MTIME },
  { name: "data/gone.bin", content: seededBytes(2, 1_000), mtime: MTIME },
  { name: "game.exe", content: "the old game", mtime: MTIME },
  { name: "options.ini", content: "sound=on", mtime: MTIME },
  { name: "keys.ini", content: "jump=space", mtime: MTIME },
];
export const NEW: Rar5Entry[] = [
  { name: "data/level.bin", content: seededBytes(3, 300_000), mtime: MTIME },
  { name: "data/level2.bin", content: seededBytes(4, 200_000), mtime: MTIME },
  { name: "game.exe", content: "the new game", mtime: MTIME },
  { name: "options.ini", content: "sound=off", mtime: MTIME },
];
/** What the user did with the old one: saved games, a changed file that the new version brings, one that it lacks. */
export const USERS: Files = {
  "saves/slot1.sav": "a hundred hours",
  "options.ini": "sound=loud",
  "keys.ini": "jump=enter",
};
export const NEW_VERSION = "2020.01.01";

/** Puts other archives into the root, as a download does. */
export async function download(
  rig: Rig,
  entries: readonly Rar5Entry[],
  version = NEW_VERSION,
): Promise<void> {
  await rm(join(rig.root, "a.eti"), { force: true });
  await writeRar5(join(rig.root, "a.eti"), entries);
  await writeFile(join(rig.root, "version.ini"), `${version}\n`);
}

/** An installed game that was played, with a newer version downloaded. */
export async function createPlayed(
  options: { readonly old?: Rar5Entry[]; readonly users?: Files; readonly new?: Rar5Entry[] } = {},
): Promise<Rig> {
  const rig = await createGame({ "a.eti": options.old ?? OLD });
  await install(rig);
  await writeFiles(join(rig.root, "local"), options.users ?? USERS);
  await download(rig, options.new ?? NEW);
  return rig;
}

export function update(rig: Rig, options: Partial<UpdateOptions> = {}): Promise<UpdateResult> {
  const { root, stateDir, logger } = rig;
  return updateGame({ gameId: GGOO, root, stateDir, unpacker, logger, ...options });
}

/** A path in the installed game. */
export function localOf({ root }: Rig, ...path: string[]): string {
  return join(root, "local", ...path);
}
