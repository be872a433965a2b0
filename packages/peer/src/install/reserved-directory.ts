import type { Stats } from "node:fs";
import { chmod, lstat, readdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { errnoOf, fromNodeError, PeerError } from "../errors/index.ts";
import {
  flushDirectory,
  LOCAL_NAME,
  OWNED_MARKER_NAME,
  readRegularFile,
  temporaryNameOf,
  writeFileDurably,
} from "../storage/index.ts";
import { MAX_MARKER_BYTES } from "./constants.ts";
import { type MarkName, markNameSchema } from "./intent.ts";
import type { LocalState, ReservedState } from "./recovery-table.ts";

/** Marks a directory as lanspread's, and says what for: so the purpose is known even where the intent got lost. */
export async function markOwned(directory: string, purpose: MarkName): Promise<void> {
  await writeFileDurably(join(directory, OWNED_MARKER_NAME), `${purpose}\n`);
}

/** Takes the mark off a directory that has become the user's, and what an interrupted {@link markOwned} has left of one. */
export async function unmark(directory: string): Promise<void> {
  const marker = join(directory, OWNED_MARKER_NAME);
  for (const path of [temporaryNameOf(marker), marker]) {
    try {
      // A directory there is none of ours, and marks nothing.
      if ((await lstatIfThere(path))?.isDirectory() !== true) await rm(path, { force: true });
    } catch (error) {
      throw fromNodeError(error, path);
    }
  }
}

export interface ReservedDirectory {
  readonly state: ReservedState;
  /** What the marker says; undefined where there is none, or where it is another program's. */
  readonly purpose: MarkName | undefined;
  /** Something lies there that is no directory: nothing of ours, and in the way. */
  readonly obstructed: boolean;
}

/** Looks at a reserved name of a game root. No link is followed. */
export async function examineReserved(path: string): Promise<ReservedDirectory> {
  const stats = await lstatIfThere(path);
  if (stats?.isDirectory() !== true) {
    return { state: "absent", purpose: undefined, obstructed: stats !== undefined };
  }
  const marker = join(path, OWNED_MARKER_NAME);
  if ((await lstatIfThere(marker))?.isFile() !== true) {
    return { state: "unmarked", purpose: undefined, obstructed: false };
  }
  const file = await readRegularFile(marker, MAX_MARKER_BYTES).catch(() => null);
  const text = file?.status === "ok" ? file.bytes.toString("utf8") : "";
  const purpose = markNameSchema.safeParse(text.trim());
  return { state: "marked", purpose: purpose.data, obstructed: false };
}

/**
 * @throws PeerError `already-exists` when something lies at a reserved name that an operation is about to use: after
 *   recovery it is the user's, or the backup of an interrupted update that may hold the only saved games.
 */
export async function requireFreeName(path: string): Promise<void> {
  if ((await lstatIfThere(path)) === undefined) return;
  if ((await examineReserved(path)).state === "marked") {
    throw new PeerError(
      "already-exists",
      `${path} is left of an interrupted update, and may hold saved games`,
      {
        hint: `Move the ${LOCAL_NAME} beside it away: then the next attempt puts this one back in its place.`,
      },
    );
  }
  throw new PeerError("already-exists", `${path} is there, and nothing proves that lanspread made it`, {
    hint: "Look into it, and move it away.",
  });
}

/** Looks at `local/`. */
export async function examineLocal(root: string): Promise<LocalState | "obstructed"> {
  const path = join(root, LOCAL_NAME);
  const stats = await lstatIfThere(path);
  if (stats === undefined) return "absent";
  if (!stats.isDirectory()) return "obstructed";
  return (await examineReserved(path)).purpose === "installing" ? "promoted" : "present";
}

/** Whether the game is installed: `local/` is a directory. */
export async function isInstalled(root: string): Promise<boolean> {
  return (await lstatIfThere(join(root, LOCAL_NAME)))?.isDirectory() === true;
}

export async function lstatIfThere(path: string): Promise<Stats | undefined> {
  try {
    return await lstat(path);
  } catch (error) {
    if (errnoOf(error) === "ENOENT" || errnoOf(error) === "ENOTDIR") return undefined;
    throw fromNodeError(error, path);
  }
}

/** Renames a directory inside a game root. It survives a power cut when the root is flushed. */
export async function renameInRoot(root: string, from: string, to: string): Promise<void> {
  try {
    await rename(join(root, from), join(root, to));
  } catch (error) {
    throw fromNodeError(error, join(root, from));
  }
}

/**
 * Deletes a directory that is proven to be lanspread's, so that it stays deleted: what comes next takes away what recovery
 * knows it by. Links in it are removed, not followed. The marker goes last: what an interruption leaves is still proven to
 * be ours.
 */
export async function deleteOwned(path: string): Promise<void> {
  try {
    for (const name of await readdir(path)) {
      if (name !== OWNED_MARKER_NAME) await removeTree(join(path, name));
    }
    await removeTree(path);
    await flushDirectory(dirname(path));
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw fromNodeError(error, path);
  }
}

/** Somebody may still be closing a file in it: Windows refuses to remove it for a moment. */
const REMOVE_ALL = { recursive: true, force: true, maxRetries: 3 } as const;

async function removeTree(path: string): Promise<void> {
  try {
    await rm(path, REMOVE_ALL);
  } catch (error) {
    if (!["EACCES", "EPERM"].includes(errnoOf(error) ?? "")) throw error;
    // The user may have made a folder read-only: who owns it can still delete what is in it.
    await openUp(path);
    await rm(path, REMOVE_ALL);
  }
}

/** Gives the owner of each directory of a tree every right to it, as far as that is possible; follows no link. */
async function openUp(path: string): Promise<void> {
  const stats = await lstatIfThere(path).catch(() => undefined);
  if (stats?.isDirectory() !== true) return;
  await chmod(path, stats.mode | 0o700).catch(() => {});
  for (const name of await readdir(path).catch(() => [])) await openUp(join(path, name));
}
