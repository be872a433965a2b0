import { dirname } from "node:path";
import { fromNodeError } from "../errors/index.ts";
import { mapLimited } from "../library/map-limited.ts";
import { type FileAccess, pathBelow } from "../storage/index.ts";
import { FILES_AT_ONCE } from "./constants.ts";
import { findFile, identityOf, inTheWay, NOTHING, type WantedFile } from "./file-state.ts";
import {
  checkBatch,
  type Directories,
  directoriesOf,
  makeBelow,
  openBelowBy,
  removeFile,
} from "./safe-path.ts";

/** A file to make, at full size and without content. */
export interface FileToMake extends WantedFile {
  /** Whether one of the full size or of none is ours already: then it stays. */
  readonly keeps: boolean;
  /** Whether a file of the old version may be there: it is removed first. */
  readonly replaces: boolean;
}

/** What {@link makeFiles} did: up to the failure, where there is one. */
export interface MadeFiles {
  /** Which file on the disk each one is, in their order; null where it was not come so far. */
  readonly identities: readonly (string | null)[];
  /** Which of them were not there before, by their place in the order. */
  readonly made: readonly number[];
  /** Absolute paths of the directories that have a new entry: to be flushed. */
  readonly changed: readonly string[];
  readonly error: unknown;
}

/**
 * Makes files of a download, and the directories in which they lie. The root must be there. Never rejects; where files are made
 * that nothing needs, their maker removes them.
 *
 * @param root absolute path of the game root
 */
export async function makeFiles(
  access: FileAccess,
  root: string,
  files: readonly FileToMake[],
  signal?: AbortSignal,
): Promise<MadeFiles> {
  const directories: Directories = { known: new Set(), made: new Set() };
  const identities = new Array<string | null>(files.length).fill(null);
  const made: number[] = [];
  const changed = new Set<string>();
  let error: unknown = null;
  try {
    await mapLimited(
      [...files.entries()],
      FILES_AT_ONCE,
      async ([place, file]) => {
        identities[place] = await makeFile(access, root, file, directories, () => {
          made.push(place);
          changed.add(dirname(pathBelow(root, file.path)));
        });
      },
      signal,
    );
    await checkBatch(directories, access);
  } catch (failure) {
    error = failure;
  }
  for (const directory of directories.made) changed.add(dirname(directory));
  return { identities, made, changed: [...changed], error };
}

/**
 * As {@link makeFiles}, behind an attempt that ended without a word: what is there now of the right size, or of none, counts as made.
 * Nothing was there before the attempt but what may be replaced.
 */
export async function makeFilesAgain(
  access: FileAccess,
  root: string,
  files: readonly FileToMake[],
  signal?: AbortSignal,
): Promise<MadeFiles> {
  const again = files.map((file) => ({ ...file, keeps: true }));
  const { identities, error, ...told } = await makeFiles(access, root, again, signal);
  const made = new Set(told.made);
  const changed = new Set(told.changed);
  await mapLimited([...files.entries()], FILES_AT_ONCE, async ([place, file]) => {
    // Where not even this can be found out, the failure is told already or the next step meets it.
    const found = await findFile(access, root, file).catch(() => null);
    if (found?.state !== "ours" && found?.state !== "empty") return;
    made.add(place);
    for (const directory of directoriesOf(root, file.path)) changed.add(directory);
  });
  return { identities, error, made: [...made], changed: [...changed] };
}

/**
 * @param onMade called as soon as there is a file that was not there before
 * @returns which file on the disk it is
 */
async function makeFile(
  access: FileAccess,
  root: string,
  { path, size, keeps, replaces }: FileToMake,
  directories: Directories,
  onMade: () => void,
): Promise<string> {
  const absolute = pathBelow(root, path);
  // A new file of a new download need not be looked for: making it fails where something is there.
  const looks = keeps || replaces;
  const there = looks ? await findFile(access, root, { path, size }) : NOTHING;
  if (there.identity !== null && there.state === "ours" && keeps) return there.identity;
  const stays = there.state === "empty" && keeps;
  if (there.state !== "missing" && !stays && !(replaces && (await removeFile(root, path, access)))) {
    throw inTheWay(absolute);
  }
  const file = stays
    ? await openBelowBy(access, root, path)
    : await makeBelow(root, path, directories, access);
  try {
    onMade();
    const identity = identityOf(await file.stat());
    if (size > 0) await file.truncate(size);
    return identity;
  } catch (error) {
    throw fromNodeError(error, absolute);
  } finally {
    await file.close();
  }
}
