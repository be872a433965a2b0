import type { Dirent } from "node:fs";
import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import { checkPathSet, checkWirePath, describeRefusal, MAX_MANIFEST_FILES } from "@lanspread/proto";
import { fromNodeError } from "../errors/index.ts";
import { isReservedOrLocalPath } from "../storage/index.ts";
import { ENTRIES_AT_ONCE, MAX_WARNINGS } from "./constants.ts";
import { giveWay } from "./give-way.ts";
import { mapLimited } from "./map-limited.ts";
import { sortPaths } from "./sort-paths.ts";

/** A payload file as a walk found it. */
export interface WalkedFile {
  /** Relative to the root, `/` between components. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** Last change in nanoseconds since 1970, as digits: more than a number holds. */
  readonly mtimeNs: string;
}

/** The payload of a game root. */
export interface Walk {
  /** Sorted by path, in the byte order of UTF-8. */
  readonly files: readonly WalkedFile[];
  /**
   * Paths that the rules for paths refuse, with path and rule. While there is one the game is not served: a
   * manifest without these files would be another game.
   */
  readonly refusals: readonly string[];
  /** What is left out: links, sockets, devices. */
  readonly warnings: readonly string[];
}

/**
 * Lists the payload of a game root: every regular file outside of `local/`, the reserved names and the foreign names.
 * No link is followed.
 *
 * @throws PeerError when something cannot be read (`no-permission`, `disk-error`), naming it, and
 *   `no-such-file` or `no-such-directory` when something vanishes during the walk.
 */
export async function walkManifest(root: string, options: { signal?: AbortSignal } = {}): Promise<Walk> {
  const { signal } = options;
  const files: WalkedFile[] = [];
  const refusals: string[] = [];
  const warnings: string[] = [];
  let tooMany = false;
  const directories: string[] = [""];

  const examine = async (path: string, entry: Dirent): Promise<void> => {
    // Node puts replacement characters for bytes that are no UTF-8: such a name cannot be opened again.
    if (path.includes("\uFFFD")) {
      note(refusals, `${JSON.stringify(path)}: the name is no valid UTF-8`);
      return;
    }
    const refusal = checkWirePath(path);
    if (refusal !== null) {
      note(refusals, describeRefusal(refusal));
      return;
    }
    if (entry.isDirectory()) {
      directories.push(path);
    } else if (entry.isFile()) {
      if (files.length >= MAX_MANIFEST_FILES) tooMany = true;
      else files.push(await examineFile(root, path));
    } else {
      note(warnings, `${join(root, path)} is left out: it is ${kindOf(entry)}`);
    }
  };

  for (
    let directory = directories.pop();
    directory !== undefined && !tooMany;
    directory = directories.pop()
  ) {
    signal?.throwIfAborted();
    const parent = directory;
    const listing = await list(join(root, parent));
    const payload = listing
      .map((entry) => ({ entry, path: parent === "" ? entry.name : `${parent}/${entry.name}` }))
      .filter(({ path }) => !isReservedOrLocalPath(path));
    await mapLimited(payload, ENTRIES_AT_ONCE, ({ path, entry }) => examine(path, entry), signal);
  }
  if (tooMany) note(refusals, `the game has more than ${MAX_MANIFEST_FILES} files`);

  const sorted = await sortPaths(files);
  await giveWay(sorted.length);
  const clash = checkPathSet(sorted.map((file) => file.path));
  if (clash !== null) note(refusals, describeRefusal(clash));
  return { files: sorted, refusals, warnings };
}

async function list(directory: string): Promise<Dirent[]> {
  try {
    return await readdir(directory, { withFileTypes: true });
  } catch (error) {
    throw fromNodeError(error, directory);
  }
}

async function examineFile(root: string, path: string): Promise<WalkedFile> {
  const absolute = join(root, path);
  try {
    const stats = await lstat(absolute, { bigint: true });
    return { path, size: Number(stats.size), mtimeNs: String(stats.mtimeNs) };
  } catch (error) {
    throw fromNodeError(error, absolute);
  }
}

function kindOf(entry: Dirent): string {
  if (entry.isSymbolicLink()) return "a link";
  if (entry.isSocket()) return "a socket";
  if (entry.isFIFO()) return "a pipe";
  return "a device";
}

function note(list: string[], text: string): void {
  if (list.length < MAX_WARNINGS) list.push(text);
  else if (list.length === MAX_WARNINGS) list.push("and more of that kind");
}
