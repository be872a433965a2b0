import { link, mkdir, open, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { seededBytes, seededChunks } from "@lanspread/testkit";
import { FILES_PER_FOLDER, SMALL_FILE_BYTES } from "./constants.ts";

/** Content of every game of the bench; each file has another part of it. */
const SEED = 5;
const SENTINEL = "20240101\n";

/** The only file of a game that has one. */
export const ONLY_FILE = "game.eti";

/** A game with one file of so many bytes that no two parts of it look alike. */
export async function makeGame(root: string, bytes: number): Promise<void> {
  await mkdir(root, { recursive: true });
  await using file = await open(join(root, ONLY_FILE), "wx");
  for (const chunk of seededChunks(SEED, bytes)) await file.write(chunk);
  await sign(root);
}

/** A game with so many small files. */
export async function makeSmallFiles(root: string, files: number): Promise<void> {
  for (let file = 0; file < files; file++) {
    const folder = join(root, "data", `part-${Math.floor(file / FILES_PER_FOLDER)}`);
    if (file % FILES_PER_FOLDER === 0) await mkdir(folder, { recursive: true });
    const content = seededBytes(SEED, SMALL_FILE_BYTES, file * SMALL_FILE_BYTES);
    await writeFile(join(folder, `texture-${file}.dds`), content);
  }
  await sign(root);
}

/** A game with one file of so many zeros, for which the disk has no blocks. */
export async function makeSparseGame(root: string, bytes: number): Promise<void> {
  await mkdir(root, { recursive: true });
  await using file = await open(join(root, ONLY_FILE), "wx");
  await file.truncate(bytes);
  await sign(root);
}

/** The same game of one file by another id: the bytes are on the file system once. */
export async function linkGame(from: string, root: string): Promise<void> {
  await mkdir(root, { recursive: true });
  await link(join(from, ONLY_FILE), join(root, ONLY_FILE));
  await sign(root);
}

/** The same games in another directory: the bytes are on the file system once. */
export async function linkGames(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    await (entry.isDirectory() ? linkGames(source, target) : link(source, target));
  }
}

async function sign(root: string): Promise<void> {
  await writeFile(join(root, "version.ini"), SENTINEL);
}
