import { constants } from "node:fs";
import { cp, mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { digestTree, type TreeDigest } from "../tree-digest.ts";
import { type GamePlan, makeGame } from "./make-game.ts";

/** What a game consists of, known from what it was made of. */
export interface KnownGame {
  readonly plan: GamePlan;
  readonly id: string;
  /** Every file of the game's folder: what a download has to bring. */
  readonly root: TreeDigest;
  /** What went into its archives: what an install has to put into `local/`. */
  readonly local: TreeDigest;
  /** Bytes of the whole folder. */
  readonly bytes: number;
}

/** Games that are made once in a run and copied to whoever is to have them. */
export interface Fixtures {
  /** What the game consists of; makes it where nobody has asked before. */
  know(plan: GamePlan): Promise<KnownGame>;
  /** Copies the game into a games directory; its folder appears complete. */
  place(plan: GamePlan, gamesDir: string): Promise<KnownGame>;
}

export function createFixtures(directory: string, signal: AbortSignal): Fixtures {
  const made = new Map<GamePlan, Promise<KnownGame & { readonly path: string }>>();
  const make = async (plan: GamePlan): Promise<KnownGame & { readonly path: string }> => {
    await mkdir(directory, { recursive: true });
    const path = join(await mkdtemp(join(directory, `${plan.id}-`)), plan.id);
    const { entries } = await makeGame(plan, path, signal);
    const root = await digestTree(path, { signal });
    const bytes = [...root.values()].reduce((sum, { size }) => sum + size, 0);
    return { plan, id: plan.id, root, local: entries, bytes, path };
  };
  const know = (plan: GamePlan): ReturnType<typeof make> => {
    const known = made.get(plan) ?? make(plan);
    made.set(plan, known);
    return known;
  };
  return {
    know,
    async place(plan, gamesDir) {
      const known = await know(plan);
      // No game's id begins with a dot: nobody takes a half copy for a game.
      const staging = await mkdtemp(join(gamesDir, ".copy-"));
      await cp(known.path, join(staging, plan.id), { recursive: true, mode: constants.COPYFILE_FICLONE });
      await rename(join(staging, plan.id), join(gamesDir, plan.id));
      await rm(staging, { recursive: true });
      return known;
    },
  };
}
