import { join } from "node:path";
import { count, formatBytes } from "lanspread";
import { type GamePlan, makeGame } from "../library/make-game.ts";
import type { TreeDigest } from "../tree-digest.ts";
import { LARGE_BYTES, SMALL_FILE_BYTES } from "./constants.ts";

/** A game that was made. */
export interface DemoGame {
  readonly id: string;
  /** What went into the archive. */
  readonly entries: TreeDigest;
  readonly description: string;
}

const [WORLD = 0, MUSIC = 0, MAP = 0, PROGRAM = 0, LIBRARY = 0, FLAG = 0] = SMALL_FILE_BYTES;

/** One large game, and one of several files in folders. */
export const DEMO_GAMES: readonly GamePlan[] = [
  {
    id: "citadel",
    version: "20260314",
    archives: { "citadel.eti": { files: { "citadel.pak": LARGE_BYTES } } },
    seed: 0,
  },
  {
    id: "harbour",
    version: "20251101",
    archives: {
      "harbour.eti": {
        files: {
          "bin/harbour.exe": PROGRAM,
          "bin/engine.dll": LIBRARY,
          "data/world.pak": WORLD,
          "data/maps/docks.map": MAP,
          "data/music/theme one.ogg": MUSIC,
          "data/cfg/first-start": FLAG,
        },
        emptyFolders: ["saves"],
      },
    },
    loose: { "manual/read me first.txt": "Meet at the docks. Bring a friend.\n" },
    seed: 1,
  },
];

/** Makes a game below `gamesDir`. */
export async function makeDemoGame(plan: GamePlan, gamesDir: string, signal: AbortSignal): Promise<DemoGame> {
  const { entries, archiveBytes } = await makeGame(plan, join(gamesDir, plan.id), signal);
  return {
    id: plan.id,
    entries,
    description: `${plan.id}: ${formatBytes(archiveBytes)} in one archive of ${count(entries.size, "file")}`,
  };
}
