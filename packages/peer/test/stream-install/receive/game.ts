import { seededBytes } from "@lanspread/testkit";
import { framesOf, manifestOf, type StreamArchive } from "./support.ts";

/** Bytes of the largest file: some buffers, and part of one. */
export const LEVEL = seededBytes(1, 2_500_000);

/** A game of one archive, as streams bring it. */
export const GAME: StreamArchive = {
  name: "ggoo.eti",
  entries: [
    { path: "saves" },
    { path: "data/level.bin", content: LEVEL },
    { path: "data/empty.txt", content: "" },
    { path: "game.exe", content: "the game" },
  ],
};
export const MANIFEST = manifestOf({ "ggoo.eti": 1_000_000 });
export const FRAMES = framesOf([GAME]);
