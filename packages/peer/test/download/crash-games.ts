import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gameVersionSchema, manifestSchema } from "@lanspread/proto";
import { seededBytes } from "@lanspread/testkit";
import { z } from "zod";
import { createSourceGame, type Files, MIB, type SourceGame } from "./support.ts";

/** What the crash tests download: spans several units, with directories and an empty file. */
const NEW_FILES: Files = {
  "version.ini": "version=20200101\n",
  "game.eti": seededBytes(11, 23 * MIB + 123),
  "new.eti": seededBytes(12, 9 * MIB),
  "data/a": seededBytes(13, 1000),
  "data/deep/b": seededBytes(14, 2 * MIB + 1),
  empty: "",
};

/** The version before it: one file is the same, one has other content, one is gone, one is where a directory comes. */
export const OLD_FILES: Files = {
  "version.ini": "version=20180412\n",
  "game.eti": seededBytes(21, 5 * MIB),
  "old.eti": seededBytes(22, 3 * MIB),
  "data/a": seededBytes(13, 1000),
};

/** Makes the new version in `dir`, for every process that is to serve it. */
export async function newGame(dir: string): Promise<SourceGame> {
  const game = await createSourceGame(join(dir, "source"), NEW_FILES, gameVersionSchema.parse("20200101"));
  const { manifest, digests } = game;
  await writeFile(
    join(dir, "game.json"),
    JSON.stringify({ manifest, digests: Buffer.from(digests).toString("base64") }),
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

/** Makes the old version in `root`. */
export async function oldGame(root: string): Promise<SourceGame> {
  return createSourceGame(root, OLD_FILES);
}
