import { link, readdir, readFile, rename, rm, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gameVersionSchema } from "@lanspread/proto";
import { seededBytes } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import { readJournal } from "../../src/download/journal.ts";
import { FILES, NEW, newGame, shutDown } from "./new-version.ts";
import {
  askedPieces,
  createRig,
  createSource,
  createSourceGame,
  GGOO,
  hasWholeGame,
  MIB,
  peer,
} from "./support.ts";

describe("a download that was shut down", () => {
  it("is kept, and goes on with nothing fetched twice", async () => {
    await using rig = await createRig();
    const game = await newGame(rig);
    const before = await shutDown(rig, game);
    expect((await readdir(rig.root)).includes("version.ini")).toBe(false);
    const source = createSource(peer(1), game);
    await rig.download(game, [source]);
    expect(await hasWholeGame(rig.root, game)).toBe(true);
    expect(askedPieces(source, game)).toBe(15 - before + 1);
  });

  it("gives way to other content", async () => {
    await using rig = await createRig();
    const game = await newGame(rig);
    await shutDown(rig, game);
    const other = await rig.game(
      { "version.ini": "20210101", "other.eti": "other" },
      gameVersionSchema.parse("20210101"),
    );
    await rig.download(other, [createSource(peer(1), other)]);
    expect(await hasWholeGame(rig.root, other)).toBe(true);
    expect((await readdir(rig.root)).sort()).toEqual(["other.eti", "version.ini"]);
  });

  it("gives way to the same files with other bytes", async () => {
    await using rig = await createRig();
    const game = await newGame(rig);
    await shutDown(rig, game);
    const other = await rig.game({ ...FILES, "game.eti": seededBytes(55, 12 * MIB) }, NEW);
    expect(other.manifest.manifest_hash).toBe(game.manifest.manifest_hash);
    await rig.download(other, [createSource(peer(1), other)]);
    expect(await hasWholeGame(rig.root, other)).toBe(true);
  });

  it("notices that a file was removed meanwhile", async () => {
    await using rig = await createRig();
    const game = await newGame(rig);
    await shutDown(rig, game);

    await rm(join(rig.root, "game.eti"));
    await rig.download(game, [createSource(peer(1), game)]);
    expect(await hasWholeGame(rig.root, game)).toBe(true);
  });

  it.each<[string, (path: string, bytes: Buffer) => Promise<void>]>([
    [
      "was replaced by another one of its size",
      async (path, bytes) => {
        await writeFile(`${path}.mine`, bytes);
        await rename(`${path}.mine`, path);
      },
    ],
    ["was written to", (path, bytes) => writeFile(path, bytes, { flag: "r+" })],
  ])("believes nothing of what is noted of a file that %s meanwhile", async (_, change) => {
    await using rig = await createRig();
    const game = await newGame(rig);
    await shutDown(rig, game);
    const noted = await readJournal(rig.stateDir, GGOO);
    expect(noted.status === "found" && noted.pieces.done.includes(1)).toBe(true);
    for (const path of ["game.eti", "data/maps/a"]) {
      await change(join(rig.root, path), Buffer.alloc((await stat(join(rig.root, path))).size, "mine"));
    }
    await rig.download(game, [createSource(peer(1), game)]);
    expect(await hasWholeGame(rig.root, game)).toBe(true);
  });

  it("leaves a file alone that has a second name, which is somebody else's", async () => {
    await using rig = await createRig();
    const game = await newGame(rig);
    await shutDown(rig, game);
    const path = join(rig.root, "game.eti");
    await link(path, rig.dir.join("second-name"));
    const before = await readFile(path);
    await expect(rig.download(game, [createSource(peer(1), game)])).rejects.toMatchObject({
      code: "already-exists",
    });
    expect((await readFile(rig.dir.join("second-name"))).equals(before)).toBe(true);
  });

  it("that gives way to other content removes what was made and had not got its size", async () => {
    await using rig = await createRig();
    const game = await newGame(rig);
    await shutDown(rig, game);
    await truncate(join(rig.root, "game.eti"), 0);
    const version = gameVersionSchema.parse("20210101");
    const other = await rig.game({ "version.ini": version, "other.eti": "other" }, version);
    await rig.download(other, [createSource(peer(1), other)]);
    expect((await readdir(rig.root)).sort()).toEqual(["other.eti", "version.ini"]);
  });

  it("that gives way to other content leaves a file alone that somebody else put in its place", async () => {
    await using rig = await createRig();
    const game = await newGame(rig);
    await shutDown(rig, game);
    await writeFile(join(rig.root, "game.eti"), "my own");
    const version = gameVersionSchema.parse("20210101");
    const other = await rig.game({ "version.ini": version, "other.eti": "other" }, version);
    await rig.download(other, [createSource(peer(1), other)]);
    expect(await hasWholeGame(rig.root, other)).toBe(true);
    expect((await readdir(rig.root)).sort()).toEqual(["game.eti", "other.eti", "version.ini"]);
    expect(await readFile(join(rig.root, "game.eti"), "utf8")).toBe("my own");
  });

  it("leaves a file alone that somebody else put in its place", async () => {
    await using rig = await createRig();
    const game = await newGame(rig);
    await shutDown(rig, game);
    await writeFile(join(rig.root, "game.eti"), "my own");
    await expect(rig.download(game, [createSource(peer(1), game)])).rejects.toMatchObject({
      code: "already-exists",
      message: expect.stringContaining(join(rig.root, "game.eti")),
    });
    expect(await readFile(join(rig.root, "game.eti"), "utf8")).toBe("my own");
  });

  it("is none any more when a whole game lies there", async () => {
    await using rig = await createRig();
    const game = await newGame(rig);
    await shutDown(rig, game);

    await rm(rig.root, { recursive: true });
    await createSourceGame(rig.root, FILES, NEW);
    const source = createSource(peer(1), game);
    await rig.download(game, [source]);
    expect(askedPieces(source, game)).toBe(game.digests.length / 32);
    expect(await hasWholeGame(rig.root, game)).toBe(true);
  });
});
