import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gameVersionSchema, manifestSchema } from "@lanspread/proto";
import { seededBytes } from "@lanspread/testkit";
import { z } from "zod";
import { createSourceGame, type Files, MIB, type SourceGame } from "./support.ts";

/** What the crash tests download: spans several units, with directories and an empty file. */
const NEW_FILES: Files = {
  "version.ini": "version=20200101\n",
  "game.eti": seededBytes(11, 15 * MIB + 123),
  "new.eti": seededBytes(12, 5 * MIB),
  "data/a": seededBytes(13, 1000),
  "data/deep/b": seededBytes(14, 2 * MIB + 1),
  empty: "",
};

const OLD_VERSION = "version=20180412\n";

/** The version before it: one file is the same, one has other content, one is gone. */
export const OLD_FILES: Files = {
  "version.ini": OLD_VERSION,
  "game.eti": seededBytes(21, 5 * MIB),
  "old.eti": seededBytes(22, 3 * MIB),
  "data/a": seededBytes(13, 1000),
};

/** The same, and a file where the new version has a directory. */
export const OBSTRUCTING_FILES: Files = { ...OLD_FILES, "data/deep": "a file" };

/** Whether a `version.ini` is the old one. */
export function isOldSentinel(text: string): boolean {
  return text === OLD_VERSION;
}

/** Makes the new version in `dir`, for every process that is to serve it. */
export async function newGame(dir: string): Promise<SourceGame> {
  const game = await createSourceGame(join(dir, "source"), NEW_FILES, gameVersionSchema.parse("20200101"));
  const { manifest, digests } = game;
  await writeFile(
    join(dir, "game.json"),
    JSON.stringify({
      manifest,
      digests: Buffer.from(digests).toString("base64"),
    }),
  );
  return game;
}

const gameSchema = z.object({ manifest: manifestSchema, digests: z.base64() });

/** The game that {@link newGame} made; its content is read from disk alone. */
export async function servedGame(dir: string): Promise<SourceGame> {
  const { manifest, digests } = gameSchema.parse(JSON.parse(await readFile(join(dir, "game.json"), "utf8")));
  return {
    root: join(dir, "source"),
    files: new Map(),
    manifest,
    digests: Buffer.from(digests, "base64"),
  };
}
