import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { checkPathSet, checkWirePath, describeRefusal, MAX_MANIFEST_FILES } from "@lanspread/proto";
import { PeerError } from "../errors/index.ts";
import { isReservedOrLocalPath } from "../storage/index.ts";
import { DIRECTORIES_AT_ONCE, LISTED_AT_ONCE, MAX_WARNINGS } from "./constants.ts";
import { giveWay } from "./give-way.ts";
import { listDirectory } from "./list-directory.ts";
import type { ListedEntry } from "./look-messages.ts";
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

export interface WalkOptions {
  readonly signal?: AbortSignal;
  /**
   * Lists one directory, as {@link listDirectory} does, which is the default.
   *
   * @param inside its path relative to the root, `/` between components; empty for the root
   */
  readonly list?: (directory: string, inside: string) => Promise<readonly ListedEntry[]>;
}

/**
 * Lists the payload of a game root: every regular file outside of `local/`, the reserved names and the foreign names.
 * No link is followed.
 *
 * @throws PeerError when something cannot be read (`no-permission`, `disk-error`), naming it, and
 *   `no-such-file` or `no-such-directory` when something vanishes during the walk.
 */
export async function walkManifest(root: string, options: WalkOptions = {}): Promise<Walk> {
  const { signal, list = (directory) => listDirectory(directory, signal) } = options;
  const files: WalkedFile[] = [];
  const refusals: string[] = [];
  const warnings: string[] = [];
  let tooMany = false;
  const directories: string[] = [""];

  const examine = (path: string, entry: ListedEntry): void => {
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
    switch (entry[1]) {
      case "directory":
        directories.push(path);
        break;
      case "file":
        if (files.length >= MAX_MANIFEST_FILES) tooMany = true;
        else files.push({ path, size: entry[2], mtimeNs: entry[3] });
        break;
      case "failed":
        throw new PeerError(entry[2], entry[3]);
      default:
        note(warnings, `${join(root, path)} is left out: it is a ${entry[1]}`);
    }
  };

  let examined = 0;
  while (directories.length > 0 && !tooMany) {
    signal?.throwIfAborted();
    const some = directories.splice(-DIRECTORIES_AT_ONCE);
    const listed = await mapLimited(some, some.length, (inside) => list(join(root, inside), inside));
    for (const [place, directory] of some.entries()) {
      for (const entry of listed[place] ?? []) {
        examined += 1;
        if (examined % LISTED_AT_ONCE === 0) await setImmediate();
        const path = directory === "" ? entry[0] : `${directory}/${entry[0]}`;
        if (!isReservedOrLocalPath(path)) examine(path, entry);
      }
    }
  }
  if (tooMany) note(refusals, `the game has more than ${MAX_MANIFEST_FILES} files`);

  const sorted = await sortPaths(files);
  await giveWay(sorted.length);
  const clash = checkPathSet(sorted.map((file) => file.path));
  if (clash !== null) note(refusals, describeRefusal(clash));
  return { files: sorted, refusals, warnings };
}

function note(list: string[], text: string): void {
  if (list.length < MAX_WARNINGS) list.push(text);
  else if (list.length === MAX_WARNINGS) list.push("and more of that kind");
}
