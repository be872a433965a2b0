import { realpath, rm } from "node:fs/promises";
import { basename, dirname } from "node:path";
import type { GameId } from "@lanspread/proto";
import { z } from "zod";
import { fromNodeError } from "../errors/index.ts";
import type { Logger } from "../logger.ts";
import {
  ensureGameDir,
  flushDirectory,
  PRIVATE_FILE_MODE,
  readJson,
  type StateDir,
  writeFileDurably,
} from "../storage/index.ts";
import type { InstallIntent } from "./recovery-table.ts";

export const intentNameSchema = z.enum(["installing", "updating", "uninstalling", "removing"]);

/** What a directory at a reserved name can be for: a removal makes none. */
export const markNameSchema = intentNameSchema.exclude(["removing"]);
export type MarkName = z.infer<typeof markNameSchema>;

/** The step of an intent from when on `.local.installing/` is complete and may have become `local/`. */
export const PROMOTING = "promoting";

const intentSchema = z.strictObject({
  format: z.literal(1),
  operation: intentNameSchema,
  /** The step that comes next. Recovery looks at the disk, and asks of it only whether it is {@link PROMOTING}. */
  step: z.string(),
  /** The game root that is meant: there may be another games directory by now. */
  root: z.string(),
  /** The operation makes the root: nothing else is in it that is missed. */
  made_root: z.literal(true).optional(),
});

/** Records what is about to be done to a game root, before any name in it changes. */
export async function writeIntent(
  stateDir: StateDir,
  gameId: GameId,
  intent: {
    readonly operation: InstallIntent;
    readonly step: string;
    readonly root: string;
    readonly madeRoot?: boolean;
  },
): Promise<void> {
  await ensureGameDir(stateDir, gameId);
  const { madeRoot = false, ...told } = intent;
  const record: z.infer<typeof intentSchema> = {
    format: 1,
    ...told,
    ...(madeRoot ? { made_root: true } : {}),
  };
  const text = `${JSON.stringify(record)}\n`;
  await writeFileDurably(stateDir.installIntent(gameId), text, { mode: PRIVATE_FILE_MODE });
}

/** An intent, as far as recovery asks. */
export interface RecordedIntent {
  readonly operation: InstallIntent;
  readonly madeRoot: boolean;
  /** Whether what was made had come to its end: before that, no `local/` is of this operation. */
  readonly promoting: boolean;
}

/** What was about to be done to this game root; a damaged intent is set aside and reported. */
export async function readIntent(
  stateDir: StateDir,
  gameId: GameId,
  root: string,
  logger: Logger,
): Promise<RecordedIntent | undefined> {
  const file = await readJson(stateDir.installIntent(gameId), intentSchema);
  if (file.status === "damaged") {
    logger.warn("the intent of an interrupted operation is damaged and was set aside", {
      gameId,
      file: file.setAside,
      reason: file.reason,
    });
  }
  if (file.status !== "ok" || !(await isSameRoot(file.value.root, root))) return undefined;
  const { operation, made_root, step } = file.value;
  return { operation, madeRoot: made_root === true, promoting: step === PROMOTING };
}

/** The user may name one games directory by several paths. */
async function isSameRoot(one: string, other: string): Promise<boolean> {
  if (one === other) return true;
  if (basename(one) !== basename(other)) return false;
  const [a, b] = await Promise.all([one, other].map((root) => realpath(dirname(root)).catch(() => null)));
  return a !== null && a === b;
}

/** Forgets the intent: the operation is over. */
export async function clearIntent(stateDir: StateDir, gameId: GameId): Promise<void> {
  await removeDurably(stateDir.installIntent(gameId));
}

/** Removes a file of the state directory, if it is there, so that it stays removed. */
export async function removeDurably(path: string): Promise<void> {
  try {
    await rm(path);
    await flushDirectory(dirname(path));
  } catch (error) {
    const failure = fromNodeError(error, path);
    if (failure.code !== "no-such-file") throw failure;
  }
}
