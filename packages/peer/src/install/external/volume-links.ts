import { mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fromNodeError } from "../../errors/index.ts";

/** A path that a program takes as it is, in every character set, and never as a pattern for others. Windows has no such names. */
const PLAIN_PATH = process.platform === "win32" ? /^/u : /^[\w\-./ ]+$/u;

/** An archive under a name that every program understands. Whoever opened it disposes of it. */
export interface NamedArchive extends AsyncDisposable {
  /** Absolute path of the first volume. */
  readonly path: string;
}

/**
 * Gives an archive names that every program understands, by links in a temporary directory. Programs look for further
 * volumes by the name of the first one, each in its own way, and none knows that `.r00` follows `.eti`; they take `*` in
 * a name for a pattern, and letters by the system's character set.
 *
 * @param volumes absolute paths, the first one first.
 */
export async function nameVolumes(volumes: readonly string[]): Promise<NamedArchive> {
  const [first = ""] = volumes;
  if (volumes.length === 1 && PLAIN_PATH.test(first))
    return { path: first, [Symbol.asyncDispose]: async () => {} };
  const directory = await mkdtemp(join(tmpdir(), "lanspread-volumes-"));
  const remove = (): Promise<void> => rm(directory, { recursive: true, force: true });
  try {
    for (const [index, volume] of volumes.entries()) {
      for (const name of volumeNames(index)) await symlink(volume, join(directory, name));
    }
  } catch (error) {
    await remove();
    throw fromNodeError(error, directory);
  }
  const [name = ""] = volumeNames(0);
  return { path: join(directory, name), [Symbol.asyncDispose]: remove };
}

/** Digits of a volume's number: as many as volumes can have. */
const DIGITS = 5;
/** In the older scheme letters count the hundreds: `.r00` to `.r99`, then `.s00`. */
const OLD_PER_LETTER = 100;
const OLD_FIRST_LETTER = "r".charCodeAt(0);
const OLD_LETTERS = "z".charCodeAt(0) - OLD_FIRST_LETTER + 1;

/**
 * The names of one volume, by its index: in the scheme of RAR 3 and later, and in the older one, which some archives are
 * made for. The first volume has one name, from which both schemes go on.
 */
export function volumeNames(index: number): readonly string[] {
  const nameOf = (number: number): string => `archive.part${String(number).padStart(DIGITS, "0")}`;
  const newer = `${nameOf(index + 1)}.rar`;
  const letter = Math.floor((index - 1) / OLD_PER_LETTER);
  if (index === 0 || letter >= OLD_LETTERS) return [newer];
  const digits = String((index - 1) % OLD_PER_LETTER).padStart(2, "0");
  return [newer, `${nameOf(1)}.${String.fromCharCode(OLD_FIRST_LETTER + letter)}${digits}`];
}
