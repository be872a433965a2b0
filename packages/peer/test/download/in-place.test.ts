import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { seededBytes } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import {
  askedPieces,
  createRig,
  createSource,
  createSourceGame,
  hasWholeGame,
  MIB,
  peer,
} from "./support.ts";

const FILES = {
  "version.ini": "20180412",
  "game.eti": seededBytes(3, 3 * MIB),
  "data/map": seededBytes(4, 5000),
};

/** Does something to the disk when every byte has come. */
function atTheEnd(work: () => Promise<void>): { onStep: (step: string) => Promise<void> } {
  return { onStep: async (step) => (step === "all-flushed" ? await work() : undefined) };
}

describe("files that are not where the download made them", () => {
  it("that are deleted make no game, and are fetched again by the next download", async () => {
    await using rig = await createRig();
    const game = await rig.game(FILES);
    const path = join(rig.root, "data/map");
    const first = rig.download(
      game,
      [createSource(peer(1), game)],
      atTheEnd(() => rm(path)),
    );
    await expect(first).rejects.toMatchObject({
      code: "no-such-file",
      message: expect.stringContaining(path),
    });
    expect(await readdir(rig.root)).not.toContain("version.ini");
    const source = createSource(peer(1), game);
    await rig.download(game, [source]);
    expect(await hasWholeGame(rig.root, game)).toBe(true);
    expect(askedPieces(source, game)).toBe(2);
  });

  it("that the user put something of the same size in the place of stay the user's", async () => {
    await using rig = await createRig();
    const game = await rig.game(FILES);
    const path = join(rig.root, "game.eti");
    const own = Buffer.alloc(3 * MIB, "u");
    const replace = async (): Promise<void> => {
      await rename(path, rig.dir.join("moved"));
      await writeFile(path, own);
    };
    const download = rig.download(game, [createSource(peer(1), game)], atTheEnd(replace));
    await expect(download).rejects.toMatchObject({
      code: "already-exists",
      message: expect.stringContaining(path),
    });
    expect(await readdir(rig.root)).toEqual(["game.eti"]);
    expect((await readFile(path)).equals(own)).toBe(true);
    const again = rig.download(game, [createSource(peer(1), game)]);
    await expect(again).rejects.toMatchObject({ code: "already-exists" });
    expect((await readFile(path)).equals(own)).toBe(true);
  });

  it("with their whole folder make no game of the folder that came instead", async () => {
    await using rig = await createRig();
    const game = await rig.game(FILES);
    const replace = async (): Promise<void> => {
      await rename(rig.root, rig.dir.join("moved"));
      await mkdir(rig.root);
      await writeFile(join(rig.root, "mine.txt"), "mine");
    };
    const download = rig.download(game, [createSource(peer(1), game)], atTheEnd(replace));
    await expect(download).rejects.toMatchObject({ code: "no-such-file" });
    expect(await readdir(rig.root)).toEqual(["mine.txt"]);
  });

  it("but are copies with the very same bytes do no harm", async () => {
    await using rig = await createRig();
    const game = await rig.game(FILES);
    const path = join(rig.root, "game.eti");
    const copy = async (): Promise<void> => {
      await rename(path, rig.dir.join("moved"));
      await writeFile(path, FILES["game.eti"]);
    };
    await rig.download(game, [createSource(peer(1), game)], atTheEnd(copy));
    expect(await hasWholeGame(rig.root, game)).toBe(true);
  });

  it("because the new version has no byte of them are made empty", async () => {
    await using rig = await createRig();
    const game = await rig.game({ ...FILES, flag: "" });
    await createSourceGame(rig.root, { "version.ini": "20170101", flag: "old" });
    await rig.download(game, [createSource(peer(1), game)]);
    expect(await hasWholeGame(rig.root, game)).toBe(true);
  });
});
