import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type Rar5Entry, seededBytes, writeRar5 } from "@lanspread/testkit";
import { expect } from "vitest";
import { PeerError } from "../../src/errors/index.ts";
import {
  createUnrarJsUnpacker,
  type InstallOptions,
  type InstallResult,
  installGame,
  uninstallGame,
} from "../../src/install/index.ts";
import { createRig, type Files, GGOO, type Rig, tree } from "./support.ts";

export const unpacker = createUnrarJsUnpacker();
export const MTIME = new Date("2019-07-06T05:04:03.125Z");
export const GAME: Rar5Entry[] = [
  { type: "directory", name: "saves" },
  { name: "data/level.bin", content: seededBytes(1, 1_000_000), mtime: MTIME },
  { name: "game.exe", content: "the game", mtime: MTIME },
];

export async function createGame(archives: Record<string, Rar5Entry[]>, files: Files = {}): Promise<Rig> {
  const rig = await createRig({ "version.ini": "2018.04.12\n", ...files });
  for (const [name, entries] of Object.entries(archives)) await writeRar5(join(rig.root, name), entries);
  return rig;
}

export function install(rig: Rig, options: Partial<InstallOptions> = {}): Promise<InstallResult> {
  const { root, stateDir, logger } = rig;
  return installGame({
    gameId: GGOO,
    root,
    stateDir,
    unpacker,
    logger,
    ...options,
  });
}

export function uninstall({ root, stateDir, logger }: Rig): Promise<void> {
  return uninstallGame({ gameId: GGOO, root, stateDir, logger });
}

/** The operation fails; games and state are what they were before. Returns its error. */
export async function failure(rig: Rig, operation: () => Promise<unknown>): Promise<PeerError> {
  const look = async () => [await tree(rig.gamesDir), await tree(rig.stateDir.gamesDir)];
  await mkdir(rig.stateDir.gameDir(GGOO), { recursive: true });
  const before = await look();
  const error: unknown = await operation().then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(await look()).toEqual(before);
  expect(error).toBeInstanceOf(PeerError);
  return error as PeerError;
}
