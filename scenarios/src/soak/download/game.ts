import { mkdir, open, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { seededChunks } from "@lanspread/testkit";

const MIB = 1_048_576;

export const GAME_ID = "quake3";
export const OLD_VERSION = "20200101";
export const NEW_VERSION = "20240101";
/** A file that only the old version has. */
export const GONE_FILE = "gone.pak";
export const LARGE_FILE = "large.pak";
/** So many that several lanes make them; and one that is not in the first part. */
const SMALL_FILES = 200;
const SMALL_BYTES = 1_003;
export const LATE_SMALL_FILE = "small-150.bin";

/** What the sources have: most of it one file, so that a unit seldom ends a file; small and empty ones beside it, which lanes make in parts. */
export async function makeNewVersion(root: string, bytes: number): Promise<void> {
  const other = Math.floor(bytes / 8);
  await fill(root, 1, LARGE_FILE, bytes - other);
  await fill(root, 2, "data/other.pak", other);
  await fill(root, 3, "data/deep/small.bin", 100_003);
  await fill(root, 4, "empty.txt", 0);
  for (let number = 0; number < SMALL_FILES; number++) {
    await fill(root, 100 + number, `data/many/small-${number}.bin`, SMALL_BYTES);
  }
  await writeFile(join(root, "version.ini"), `version=${NEW_VERSION}\n`);
}

/** What is there before an update: a file that is replaced, and one that the new version lacks. */
export async function makeOldVersion(root: string): Promise<void> {
  await fill(root, 5, LARGE_FILE, 8 * MIB);
  await fill(root, 6, GONE_FILE, MIB);
  await writeFile(join(root, "version.ini"), `version=${OLD_VERSION}\n`);
}

async function fill(root: string, seed: number, path: string, bytes: number): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await using file = await open(join(root, path), "wx");
  for (const chunk of seededChunks(seed, bytes)) await file.write(chunk);
}
