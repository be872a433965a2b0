import { mapLimited } from "../library/map-limited.ts";
import type { FileAccess } from "../storage/index.ts";
import { FILES_AT_ONCE } from "./constants.ts";
import { type OwnFile, removeOwnFile, type Stays } from "./safe-path.ts";

/** What {@link removeFiles} did: up to the failure, where there is one. */
export interface RemovedFiles {
  /** What stays and why, by its place in the order. */
  readonly stays: readonly (readonly [place: number, why: Stays])[];
  readonly error: unknown;
}

/**
 * Removes files of a download or of an old version. Never rejects. What is gone already counts as removed, so it can be done again.
 *
 * @param root absolute path of the game root
 * @param maxBytes a file that is larger stays
 */
export async function removeFiles(
  access: Pick<FileAccess, "lstat" | "unlink">,
  root: string,
  files: readonly OwnFile[],
  maxBytes = Number.POSITIVE_INFINITY,
): Promise<RemovedFiles> {
  const known = new Set<string>();
  const stays: [number, Stays][] = [];
  let error: unknown = null;
  try {
    await mapLimited([...files.entries()], FILES_AT_ONCE, async ([place, file]) => {
      const why = await removeOwnFile(root, file, { known, access, maxBytes });
      if (why !== null) stays.push([place, why]);
    });
  } catch (failure) {
    error = failure;
  }
  return { stays, error };
}
