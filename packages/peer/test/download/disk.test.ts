import { chmod, mkdir, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { makeFiles } from "../../src/download/make-files.ts";
import type { DownloadLanes } from "../../src/download/types.ts";
import { directAccess } from "../../src/storage/index.ts";
import { asNobody } from "../storage/as-nobody.ts";
import {
  askedPieces,
  createRig,
  createSource,
  expectRefusal,
  GGOO,
  hasWholeGame,
  peer,
  SMALL_GAME,
} from "./support.ts";

describe("where it may not write", () => {
  it("names the directory, and leaves no journal behind that would claim files", async () => {
    await using rig = await createRig();
    const game = await rig.game(SMALL_GAME);
    await chmod(rig.dir.path, 0o755);
    await chmod(rig.gamesDir, 0o555);
    for (const path of [rig.stateDir.root, rig.stateDir.gamesDir]) await chmod(path, 0o777);
    await expect(asNobody(() => rig.download(game, [createSource(peer(1), game)]))).rejects.toMatchObject({
      code: "no-permission",
      message: expect.stringContaining(rig.root),
    });
    expect(await readdir(rig.gamesDir)).toEqual([]);
  });

  it("says that the games directory is missing, or none", async () => {
    await using rig = await createRig();
    const game = await rig.game(SMALL_GAME);
    const source = createSource(peer(1), game);
    const gamesDir = rig.dir.join("nowhere");
    const at = { gamesDir, root: join(gamesDir, GGOO) };
    await expect(rig.download(game, [source], at)).rejects.toMatchObject({
      code: "no-such-directory",
    });
    await writeFile(gamesDir, "");
    await expect(rig.download(game, [source], at)).rejects.toMatchObject({
      code: "not-a-directory",
    });
  });
});

describe("a begin that fails", () => {
  /** A lane that is gone when it has made files, and has told nobody. */
  const dyingLanes = (then: (root: string) => Promise<void> | void): { lanes: DownloadLanes } => ({
    lanes: {
      open: (root) => ({
        fetch: async () => false,
        flush: async () => false,
        make: async (files) => {
          await makeFiles(directAccess, root, files);
          await then(root);
          return null;
        },
        look: async () => null,
        remove: async () => null,
        [Symbol.asyncDispose]: async () => {},
      }),
    },
  });

  it("leaves no file behind that a lane made which is gone: cancelled at that moment", async () => {
    await using rig = await createRig();
    const game = await rig.game(SMALL_GAME);
    const controller = new AbortController();
    const { signal } = controller;
    const lanes = dyingLanes(() => controller.abort());
    await expect(
      rig.download(game, [createSource(peer(1), game)], { ...lanes, signal }),
    ).rejects.toMatchObject({ code: "cancelled" });
    expect(await readdir(rig.gamesDir)).toEqual([]);
    expect(await readdir(rig.stateDir.gameDir(GGOO))).toEqual([]);
  });

  it("leaves none behind either where somebody else's file is in the way, which stays", async () => {
    await using rig = await createRig();
    const game = await rig.game(SMALL_GAME);
    const lanes = dyingLanes(async (root) => {
      await rm(join(root, "game.eti"));
      await writeFile(join(root, "game.eti"), "mine");
    });
    await expect(rig.download(game, [createSource(peer(1), game)], lanes)).rejects.toMatchObject({
      code: "already-exists",
    });
    expect(await readdir(rig.root, { recursive: true })).toEqual(["game.eti"]);
    expect(await readFile(join(rig.root, "game.eti"), "utf8")).toBe("mine");
    expect(await readdir(rig.stateDir.gameDir(GGOO))).toEqual([]);
  });

  it("leaves no folder behind for a file that could not be made", async () => {
    await using rig = await createRig();
    // As long as the wire allows, and with its root longer than the system takes.
    const path = [..."abcd"].map((letter) => letter.repeat(250)).join("/");
    const deep = Array.from({ length: 13 }, () => "g".repeat(250)).join("/");
    const gamesDir = rig.dir.join(deep);
    await mkdir(gamesDir, { recursive: true });
    const game = await rig.game({ ...SMALL_GAME, [path]: "too far" });
    await expect(
      rig.download(game, [createSource(peer(1), game)], { gamesDir, root: join(gamesDir, GGOO) }),
    ).rejects.toMatchObject({ code: "path-too-long" });
    expect(await readdir(gamesDir)).toEqual([]);
  });
});

it("goes on through another name of the games directory", async () => {
  await using rig = await createRig();
  const game = await rig.game(SMALL_GAME);
  const gone = createSource(peer(1), game, {
    onRequest: async (request) => {
      if (request.type === "get_game_file_chunk" && request.path === "data/a") throw new Error("gone");
      return undefined;
    },
  });
  await expect(rig.download(game, [gone])).rejects.toMatchObject({ code: "peers-gone" });
  const gamesDir = rig.dir.join("link");
  await symlink(rig.gamesDir, gamesDir);
  const source = createSource(peer(1), game);
  await rig.download(game, [source], { gamesDir, root: join(gamesDir, GGOO) });
  expect(await hasWholeGame(rig.root, game)).toBe(true);
  expect(askedPieces(source, game)).toBe(2);
});

it("does nothing without a source", async () => {
  await using rig = await createRig();
  const game = await rig.game(SMALL_GAME);
  await expect(rig.download(game, [])).rejects.toMatchObject({ code: "no-peers-have-game" });
  expect(await readdir(rig.gamesDir)).toEqual([]);
});

describe("a manifest", () => {
  it.each([
    "local/save",
    "Local/save",
    ".local.installing/x",
    ".version.ini.tmp",
    ".sync/x",
    "data/.lanspread_owned",
  ])("that lists %s is refused", async (path) => {
    await using rig = await createRig();
    const game = await rig.game({ ...SMALL_GAME, [path]: "evil" });
    await expectRefusal(rig, game, "forbidden-path", path);
    expect(await readdir(rig.gamesDir)).toEqual([]);
  });

  it("without version.ini, or with a large one, is refused", async () => {
    await using rig = await createRig();
    const without = await rig.game({ "game.eti": "x" });
    await expectRefusal(rig, without, "forbidden-path", "version.ini");
    const large = await rig.game({ "version.ini": "1".repeat(5000) });
    await expectRefusal(rig, large, "forbidden-path", "version.ini");
  });
});
