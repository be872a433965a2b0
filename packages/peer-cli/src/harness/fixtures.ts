import { createHash } from "node:crypto";
import { lstat, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { makeDirectories } from "@lanspread/peer";
import type { GameId } from "@lanspread/proto";
import { type Rar5Entry, seededChunks, writeRar5 } from "@lanspread/testkit";

/** Version of every fixture. */
const VERSION = "20240101";
/** Fixed, so that the same fixture has the same bytes on every machine and can be fetched from several peers. */
const MTIME = new Date("2024-01-01T12:00:00Z");
/** Content sizes in bytes: over two pieces of 1 MiB together, so that a transfer has several, and cut unevenly. */
const PROGRAM_BYTES = 300_123;
const DATA_BYTES = 2_200_001;
const SEED_BYTES = 4;

/**
 * Makes the game `id` in the games directory, which is created when it is missing: a RAR5 archive with a program, data
 * in a folder and a text, and its `version.ini`. The game appears complete or not at all. Something of that name that
 * is there already stays as it is.
 *
 * @returns whether it was made.
 */
export async function makeFixture(gamesDir: string, id: GameId): Promise<boolean> {
  await makeDirectories(gamesDir);
  const root = join(gamesDir, id);
  if (await exists(root)) return false;
  // No game id begins with a dot: nobody takes the half-made folder for a game.
  const staging = await mkdtemp(join(gamesDir, ".fixture-"));
  try {
    await writeRar5(join(staging, `${id}.eti`), fixtureEntries(id));
    await writeFile(join(staging, "version.ini"), `${VERSION}\n`);
    await rename(staging, root);
  } catch (error) {
    await rm(staging, { recursive: true, force: true });
    throw error;
  }
  return true;
}

function fixtureEntries(id: GameId): Rar5Entry[] {
  const seed = createHash("sha256").update(id).digest().subarray(0, SEED_BYTES).readUInt32BE();
  return [
    { name: `${id}.exe`, mtime: MTIME, content: seeded(seed, PROGRAM_BYTES) },
    { type: "directory", name: "data", mtime: MTIME },
    { name: "data/world.dat", mtime: MTIME, content: seeded(seed + 1, DATA_BYTES) },
    { name: "readme.txt", mtime: MTIME, content: `${id}\nA small game for trying things out.\n` },
  ];
}

function seeded(seed: number, size: number): { size: number; chunks(): Iterable<Uint8Array> } {
  return { size, chunks: () => seededChunks(seed, size) };
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}
