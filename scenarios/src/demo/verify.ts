import { join } from "node:path";
import { differences, digestTree, type TreeDigest } from "../tree-digest.ts";

/** What was proved about one game on the receiving peer's disk. */
export interface Proof {
  /** The files of the game folder, as they are at the source; `local/` is not among them. */
  readonly files: TreeDigest;
  /** The unpacked files below `local/`. */
  readonly installed: TreeDigest;
}

/** The folder that holds what was unpacked. */
const INSTALL_FOLDER = "local";

/**
 * Reads every byte on both disks and compares: the downloaded files with the source's, the installed ones with what
 * was put into the archives. Rejects with every difference.
 */
export async function proveGame(
  options: {
    readonly gameId: string;
    readonly sourceGames: string;
    readonly receiverGames: string;
    /** What went into the archives. */
    readonly entries: TreeDigest;
  },
  signal: AbortSignal,
): Promise<Proof> {
  const { gameId } = options;
  const skip = (path: string): boolean => path === INSTALL_FOLDER;
  const receiverRoot = join(options.receiverGames, gameId);
  const [source, files, installed] = await Promise.all([
    digestTree(join(options.sourceGames, gameId), { skip, signal }),
    digestTree(receiverRoot, { skip, signal }),
    digestTree(join(receiverRoot, INSTALL_FOLDER), { signal }),
  ]);
  const wrong = [
    ...differences(source, files).map((text) => `${gameId}: ${text}`),
    ...differences(options.entries, installed).map((text) => `${gameId}/${INSTALL_FOLDER}: ${text}`),
  ];
  if (files.size === 0 || installed.size === 0) wrong.push(`${gameId}: there is nothing to compare`);
  if (wrong.length > 0)
    throw new Error(`the files are not what they were at the source:\n  ${wrong.join("\n  ")}`);
  return { files, installed };
}
