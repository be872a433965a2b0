import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import type { GameId } from "@lanspread/proto";
import { fromNodeError, PeerError } from "../errors/index.ts";
import { INSTALLING_NAME, isLocalName, LOCAL_NAME } from "../storage/index.ts";
import { DIRECTORY_MODE } from "./constants.ts";
import { flushTree } from "./flush-tree.ts";
import { requireStaged } from "./require-staged.ts";
import { lstatIfThere, markOwned, renameInRoot } from "./reserved-directory.ts";
import type { RunStep } from "./step.ts";
import type { UnpackedFile } from "./types.ts";

/** The steps in which every transaction makes what is to become `local/`. */
export type StagingStep = "make-staging" | "mark-staging" | "fill-staging" | "flush-staging";

export interface MakeStagingOptions<Filled> {
  /** Absolute path of the game root. */
  readonly root: string;
  readonly step: RunStep<StagingStep>;
  readonly signal?: AbortSignal;
  /** Makes in the directory what is to become `local/`. */
  readonly fill: (staging: string) => Promise<Filled>;
  /** Called when the directory is there: from now on it has to be deleted where something fails. */
  readonly onMade: () => void;
  /** Adds to what `fill` has made. Called, and waited for, before everything is written through to the disk. */
  readonly beforeFlush?: (staging: string) => Promise<void> | void;
}

/**
 * Makes `.local.installing/`: marked, filled and flushed. The marker says `installing` whatever the transaction is, and
 * moves with the directory: it proves of a `local/` that it was promoted.
 */
export async function makeStaging<Filled>(options: MakeStagingOptions<Filled>): Promise<Filled> {
  const { root, step, signal } = options;
  const staging = join(root, INSTALLING_NAME);
  await step("make-staging", async () => {
    await makeDirectory(staging);
    options.onMade();
  });
  await step("mark-staging", () => markOwned(staging, "installing"));
  const filled = await step("fill-staging", () => options.fill(staging));
  await options.beforeFlush?.(staging);
  await step("flush-staging", () => flushTree(staging, signal));
  return filled;
}

/**
 * Looks whether everything is still as it has to be for staging to become `local/`. Behind it only the rename is left.
 *
 * @throws PeerError `no-such-file`, `already-installed`; what the signal says
 */
export async function requirePromotable(options: {
  readonly gameId: GameId;
  readonly root: string;
  readonly files: readonly UnpackedFile[];
  readonly signal?: AbortSignal;
}): Promise<void> {
  const { gameId, root, files, signal } = options;
  await requireStaged(join(root, INSTALLING_NAME), files, signal);
  signal?.throwIfAborted();
  // An install may take an hour: the user may have made one by hand meanwhile.
  await requireNoLocal(gameId, root);
}

/** Staging becomes `local/`. It survives a power cut when the root is flushed. */
export function promote(root: string): Promise<void> {
  return renameInRoot(root, INSTALLING_NAME, LOCAL_NAME);
}

/** @throws PeerError `already-installed` */
export async function requireNoLocal(gameId: GameId, root: string): Promise<void> {
  const local = (await readdir(root)).find(isLocalName);
  if (local === undefined) return;
  const path = join(root, local);
  if ((await lstatIfThere(path))?.isDirectory() === true && local === LOCAL_NAME) {
    throw new PeerError("already-installed", `${gameId} is installed already: ${path}`);
  }
  throw new PeerError("already-installed", `${path} is in the way, and no install of ${gameId}`, {
    hint: "Move it away or rename it: nothing was touched.",
  });
}

async function makeDirectory(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: DIRECTORY_MODE });
  } catch (error) {
    throw fromNodeError(error, path);
  }
}
