import { lstat } from "node:fs/promises";
import { join } from "node:path";
import { type GameId, type GameVersion, type Hash, manifestHash } from "@lanspread/proto";
import { fromNodeError, PeerError } from "../errors/index.ts";
import { samePayload } from "../library/entry.ts";
import { tooLongToSend } from "../library/examine.ts";
import { readSentinel } from "../library/sentinel.ts";
import { type WalkedFile, walkManifest } from "../library/walk.ts";

/** A game root as it is at one moment: what its manifest is made of. */
export interface ReadGame {
  readonly id: GameId;
  readonly root: string;
  readonly version: GameVersion;
  readonly files: readonly WalkedFile[];
  readonly manifestHash: Hash;
  /** Bytes. */
  readonly size: number;
  /** What is no payload and may look like it: a sentence each. */
  readonly leftOut: readonly string[];
}

/** What is no game, in a sentence. */
export interface NoGame {
  readonly reason: string;
}

/**
 * Reads a game root, with the rules of the library.
 *
 * @throws PeerError `forbidden-path` for a game with a path that cannot be shared, and what the disk says.
 */
export async function readRoot(
  gamesDir: string,
  id: GameId,
  signal?: AbortSignal,
): Promise<ReadGame | NoGame> {
  const root = join(gamesDir, id);
  await requireDirectory(root);
  const sentinel = await readSentinel(root);
  if (sentinel.status === "missing") return { reason: `${root} is no game: it has no version.ini` };
  if (sentinel.status === "invalid") return { reason: `${root} is no game: ${sentinel.warning}` };
  const { version } = sentinel;
  const { files, refusals, warnings } = await walkManifest(root, signal === undefined ? {} : { signal });
  const [refusal] = [...refusals, ...tooLongToSend(files)];
  if (refusal !== undefined) throw new PeerError("forbidden-path", `it cannot be shared: ${refusal}`);
  const size = files.reduce((sum, file) => sum + file.size, 0);
  return { id, root, version, files, manifestHash: manifestHash(version, files), size, leftOut: warnings };
}

/** Whether two reads of a root found the same game, as far as sizes and times can tell. */
export function isSameGame(a: ReadGame, b: ReadGame | NoGame): boolean {
  return "files" in b && a.manifestHash === b.manifestHash && samePayload(a.files, b.files);
}

/** A link could lead to another game, or anywhere. */
async function requireDirectory(root: string): Promise<void> {
  const stats = await lstat(root).catch((error: unknown) => {
    throw fromNodeError(error, root);
  });
  if (!stats.isDirectory()) throw new PeerError("not-a-directory", `${root} is no directory any more`);
}
