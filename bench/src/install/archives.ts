import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  compressRar5,
  createRandom,
  type Rar5Entry,
  seededBytes,
  seededChunks,
  writeRar5,
} from "@lanspread/testkit";
import { type Amounts, FILES_PER_FOLDER, SMALL_FILE_BYTES } from "./constants.ts";

const SEED = 6;
const SENTINEL = "20240101\n";
const ARCHIVE_NAME = "game.eti";

/** An archive that is unpacked by everybody. */
export interface BenchArchive {
  readonly label: string;
  readonly path: string;
  /** Of the content. */
  readonly bytes: number;
}

/** The archives of the comparison, in a directory. */
export async function makeArchives(directory: string, amounts: Amounts) {
  const make = async (label: string, entries: readonly Rar5Entry[], bytes: number): Promise<BenchArchive> => {
    const path = join(directory, `${label.replaceAll(" ", "-")}.eti`);
    await writeRar5(path, entries);
    return { label, path, bytes };
  };
  const { storedBytes, smallFiles, packedEntries, packedEntryBytes } = amounts;
  const packed = compressRar5(playable(packedEntryBytes));
  return {
    stored: await make("stored", [noise("data/level.pak", storedBytes)], storedBytes),
    small: await make(
      "small files",
      Array.from({ length: smallFiles }, (_, file) => ({
        name: `data/part-${Math.floor(file / FILES_PER_FOLDER)}/texture-${file}.dds`,
        content: seededBytes(SEED, SMALL_FILE_BYTES, file * SMALL_FILE_BYTES),
      })),
      smallFiles * SMALL_FILE_BYTES,
    ),
    compressed: await make(
      "compressed",
      Array.from({ length: packedEntries }, (_, file) => ({ name: `data/${file}.pak`, content: packed })),
      packedEntries * packedEntryBytes,
    ),
  };
}

/** A downloaded game with one archive whose content is `bytes` bytes of noise. */
export async function makeStoredGame(root: string, bytes: number): Promise<void> {
  await makeGame(root, [noise("data/level.pak", bytes), { name: "game.exe", content: "the game" }]);
}

/** The same of zeros, for which the disk has no blocks. */
export async function makeHugeGame(root: string, bytes: number): Promise<void> {
  await makeGame(root, [{ name: "data/level.pak", content: { zeros: bytes } }]);
}

/** A tiny archive with a stored and a compressed entry, which tells whether a program reads such archives at all. */
export async function makeProbe(path: string): Promise<ReadonlyMap<string, Uint8Array>> {
  const content = playable(100_000);
  await writeRar5(path, [
    { name: "stored", content },
    { name: "compressed", content: compressRar5(content) },
  ]);
  return new Map([
    ["stored", content],
    ["compressed", content],
  ]);
}

async function makeGame(root: string, entries: readonly Rar5Entry[]): Promise<void> {
  await mkdir(root, { recursive: true });
  await writeRar5(join(root, ARCHIVE_NAME), entries);
  await writeFile(join(root, "version.ini"), SENTINEL);
}

function noise(name: string, size: number): Rar5Entry {
  return { name, content: { size, chunks: () => seededChunks(SEED, size) } };
}

/** Words that compressing makes far less of, and every fourth block noise, of which it makes nothing: as games are. */
function playable(length: number): Uint8Array {
  const block = 64 * 1024;
  const random = createRandom(SEED);
  const words = Array.from({ length: 4_000 }, (_, word) => seededBytes(word, 3 + (word % 8)));
  const content = seededBytes(SEED, length).slice();
  for (let at = 0; at < length; ) {
    if (Math.floor(at / block) % 4 === 3) {
      at = (Math.floor(at / block) + 1) * block;
      continue;
    }
    const word = words[Math.floor(random() * random() * words.length)] ?? new Uint8Array(1);
    content.set(word.subarray(0, length - at), at);
    at += word.length;
  }
  return content;
}
