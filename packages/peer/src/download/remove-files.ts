import { basename, dirname } from "node:path";
import { mapLimited } from "../library/map-limited.ts";
import { type FileAccess, pathBelow } from "../storage/index.ts";
import { FILES_AT_ONCE } from "./constants.ts";
import { OpenDirectories } from "./open-directories.ts";
import { type OwnFile, removeOwnFile, type Stays } from "./safe-path.ts";

/** What {@link removeFiles} did: up to the failure, where there is one. */
export interface RemovedFiles {
  /** What stays and why, by its place in the order. */
  readonly stays: readonly (readonly [place: number, why: Stays])[];
  readonly error: unknown;
}

/**
 * Removes files of a download or of an old version. Never rejects. What is gone already counts as removed, so it can be done again.
 * Of so many files that as many directories can be open.
 *
 * @param root absolute path of the game root, without links
 * @param maxBytes a file that is larger stays
 */
export async function removeFiles(
  access: Pick<FileAccess, "lstat" | "open" | "unlink">,
  root: string,
  files: readonly OwnFile[],
  maxBytes = Number.POSITIVE_INFINITY,
): Promise<RemovedFiles> {
  const stays: [number, Stays][] = [];
  let error: unknown = null;
  try {
    await using directories = new OpenDirectories(access);
    await mapLimited([...files.entries()], FILES_AT_ONCE, async ([place, file]) => {
      const absolute = pathBelow(root, file.path);
      const within = await directories.pathIn(dirname(absolute), basename(absolute));
      const why = await removeOwnFile(root, file, { access, place: within, maxBytes });
      if (why !== null) stays.push([place, why]);
    });
  } catch (failure) {
    error = failure;
  }
  return { stays: stays.sort(([a], [b]) => a - b), error };
}
