import type { GamePlan } from "./make-game.ts";

const MIB = 1_048_576;

/** The version that every game of the libraries has, where a scenario does not say otherwise. */
export const VERSION = "20240101";

/** Has several pieces for each of two sources, and files in folders. */
export const GGOO: GamePlan = {
  id: "ggoo",
  version: VERSION,
  archives: {
    "ggoo.eti": {
      files: { "ggoo.exe": 3 * MIB + 17, "data/world.pak": 56 * MIB + 4_321, "data/cfg/first-start": 0 },
      emptyFolders: ["saves"],
    },
  },
  loose: { "manual/read me.txt": "Bring a friend.\n" },
  seed: 100,
};

/** Over 100 MB: on a shaped link there is time for something to happen in the middle. */
export const ALIENSWARM: GamePlan = {
  id: "alienswarm",
  version: VERSION,
  archives: { "alienswarm.eti": { files: { "swarm/pak01.vpk": 120 * MIB + 1, "swarm/swarm.exe": 700_001 } } },
  seed: 200,
};

export const BF1942: GamePlan = {
  id: "bf1942",
  version: VERSION,
  archives: { "bf1942.eti": { files: { "bf1942.exe": 2 * MIB, "archives/objects.rfa": 9 * MIB + 1 } } },
  loose: { "patches/readme.txt": "1.61b\n", "patches/1.61b.bin": 3 * MIB + 5 },
  seed: 300,
};

/** Files of every kind: large, small, empty, in folders, with names that need care. */
export const BFBC2: GamePlan = {
  id: "bfbc2",
  version: VERSION,
  archives: { "bfbc2.eti": { files: { "BFBC2Game.exe": 12 * MIB + 3, "Dist/win32/levels.fbrb": 7 * MIB } } },
  loose: {
    "Extras/Soundtrack/01 Theme.ogg": 2 * MIB - 1,
    "Extras/Soundtrack/02 Snow.ogg": MIB,
    "Extras/empty.dat": 0,
    "Extras/Grüße.txt": "Hallo\n",
    "readme.txt": "Squad up.\n",
  },
  seed: 400,
};

export const CNCTW: GamePlan = {
  id: "cnctw",
  version: VERSION,
  archives: {
    "cnctw.eti": {
      files: { "CNC3.exe": MIB + 7, "Data/Maps/official/map 1.big": 4 * MIB + 11, "Data/empty.ini": 0 },
      emptyFolders: ["Profiles"],
    },
  },
  loose: { "serial.txt": "none needed\n" },
  seed: 500,
};

/** Two archives. */
export const CNC4: GamePlan = {
  id: "cnc4",
  version: VERSION,
  archives: {
    "cnc4-1.eti": { files: { "CNC4.exe": MIB, "Data/a.big": 2 * MIB + 1 } },
    "cnc4-2.eti": { files: { "Data/b.big": 3 * MIB + 1 } },
  },
  seed: 600,
};

/** The libraries that the matrix speaks of. */
export const ALPHA: readonly GamePlan[] = [GGOO, ALIENSWARM, BF1942];
export const BRAVO: readonly GamePlan[] = [GGOO, BFBC2, CNCTW, CNC4];
export const CHARLIE: readonly GamePlan[] = [CNC4];
