import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** Directories of a game and how many files each has; with `version.ini` and one archive in the root, eleven files in all. */
const FOLDERS: readonly (readonly [name: string, files: number])[] = [
  ["data", 3],
  ["data/maps", 5],
  ["manual", 1],
];

/** Makes `count` games of a few hundred bytes in a new directory. */
export async function makeGames(gamesDir: string, count: number): Promise<void> {
  for (let game = 0; game < count; game++) {
    const root = join(gamesDir, idOf(game));
    await makeRoot(root, game);
    for (const [folder, files] of FOLDERS) {
      await mkdir(join(root, folder), { recursive: true });
      for (let file = 0; file < files; file++) {
        await writeFile(join(root, folder, `${file}.dat`), `${folder} ${file} of game ${game}`);
      }
    }
  }
}

/** Makes one game with many files, a hundred to a folder, in a new directory. */
export async function makeLargeGame(gamesDir: string, files: number): Promise<void> {
  const root = join(gamesDir, idOf(0));
  await makeRoot(root, 0);
  for (let file = 0; file < files; file++) {
    const folder = join(root, "data", `part-${Math.floor(file / 100)}`);
    if (file % 100 === 0) await mkdir(folder, { recursive: true });
    await writeFile(join(folder, `texture-${file}.dds`), `file ${file}`);
  }
}

/** The id of a game that {@link makeGames} makes. */
export function idOf(game: number): string {
  return `game-${String(game).padStart(5, "0")}`;
}

/** The archive of such a game, in its root. */
export const ARCHIVE_NAME = "game.eti";

async function makeRoot(root: string, game: number): Promise<void> {
  await mkdir(root, { recursive: true });
  await writeFile(join(root, "version.ini"), "version=2018.04.12\n");
  await writeFile(join(root, ARCHIVE_NAME), `archive of game ${game}\n`.repeat(20));
}
