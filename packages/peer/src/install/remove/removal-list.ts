import type { GameId } from "@lanspread/proto";
import { z } from "zod";
import type { Logger } from "../../logger.ts";
import {
  ensureGameDir,
  isForeignName,
  isLocalName,
  isSealed,
  PRIVATE_FILE_MODE,
  readJson,
  type StateDir,
  seal,
  writeFileDurably,
} from "../../storage/index.ts";
import { removeDurably } from "../intent.ts";

/** Something in a game root that is no directory, as it was when the removal began. */
export interface ListedEntry {
  /** Relative to the root, `/` between components. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** Last change in nanoseconds since 1970, as digits: more than a number holds. */
  readonly mtimeNs: string;
}

/** What a removal deletes: that, as it is now, and nothing that comes to be there later. */
export interface RemovalList {
  readonly entries: readonly ListedEntry[];
  /** Deeper ones after those that they lie in. */
  readonly directories: readonly string[];
}

const path = z.string().refine(isBelowRoot);

const removalListSchema = z
  .strictObject({
    format: z.literal(1),
    entries: z.array(z.tuple([path, z.int().nonnegative(), z.string().regex(/^-?\d+$/u)])),
    directories: z.array(path),
    sha256: z.string(),
  })
  .refine(isSealed, "its digest says otherwise");

/** Writes down what is about to be deleted, so that an interrupted removal knows it. */
export async function writeRemovalList(stateDir: StateDir, gameId: GameId, list: RemovalList): Promise<void> {
  const file = stateDir.removalList(gameId);
  await ensureGameDir(stateDir, gameId);
  const entries = list.entries.map(({ path, size, mtimeNs }) => [path, size, mtimeNs]);
  const text = seal({ format: 1, entries, directories: list.directories });
  await writeFileDurably(file, `${text}\n`, { mode: PRIVATE_FILE_MODE });
}

/** What the removal of this game was about to delete. Where the list is damaged or missing, nothing. */
export async function readRemovalList(
  stateDir: StateDir,
  gameId: GameId,
  logger: Logger,
): Promise<RemovalList> {
  const file = await readJson(stateDir.removalList(gameId), removalListSchema);
  if (file.status === "damaged") {
    logger.warn("the list of an interrupted removal is damaged and was set aside: what is left stays", {
      gameId,
      file: file.setAside,
      reason: file.reason,
    });
  }
  if (file.status !== "ok") return { entries: [], directories: [] };
  const entries = file.value.entries.map(([path, size, mtimeNs]) => ({ path, size, mtimeNs }));
  return { entries, directories: file.value.directories };
}

export async function forgetRemovalList(stateDir: StateDir, gameId: GameId): Promise<void> {
  await removeDurably(stateDir.removalList(gameId));
}

/** Below the root, and under nothing that a removal keeps. */
function isBelowRoot(path: string): boolean {
  const components = path.split("/");
  const [first = ""] = components;
  if (isForeignName(first) || isLocalName(first)) return false;
  return components.every((component) => !["", ".", ".."].includes(component) && !component.includes("\0"));
}
