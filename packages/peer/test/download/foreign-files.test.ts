import { link, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { seededBytes } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import {
  createRig,
  createSource,
  createSourceGame,
  type DownloadRig,
  expectRefusal,
  GGOO,
  hasWholeGame,
  MIB,
  peer,
  SMALL_GAME,
} from "./support.ts";

describe("what nothing proves to be ours", () => {
  it.each(["game.eti", "data/a", "version.ini"])("is not overwritten: %s", async (path) => {
    await using rig = await createRig();
    const game = await rig.game(SMALL_GAME);
    await mkdir(join(rig.root, path, ".."), { recursive: true });
    await writeFile(join(rig.root, path), "my own, no version");
    await expectRefusal(rig, game, "already-exists", join(rig.root, path));
    expect(await readFile(join(rig.root, path), "utf8")).toBe("my own, no version");
    expect((await readdir(rig.root, { recursive: true })).length).toBe(path.split("/").length);
  });

  it("stays where it is in the way of a directory", async () => {
    await using rig = await createRig();
    const game = await rig.game(SMALL_GAME);
    await mkdir(rig.root);
    await writeFile(join(rig.root, "data"), "a file of mine");
    await expectRefusal(rig, game, "not-a-directory", join(rig.root, "data"));
    expect(await readdir(rig.root)).toEqual(["data"]);
  });

  it("is kept where it is in nobody's way", async () => {
    await using rig = await createRig();
    const game = await rig.game(SMALL_GAME);
    await mkdir(join(rig.root, "data"), { recursive: true });
    await writeFile(join(rig.root, "data/mine"), "mine");
    const controller = new AbortController();
    const cancelled = rig.download(game, [createSource(peer(1), game)], {
      signal: controller.signal,
      onBegin: () => controller.abort(),
    });
    await expect(cancelled).rejects.toMatchObject({ code: "cancelled" });
    expect(await readdir(join(rig.root, "data"))).toEqual(["mine"]);
    await rig.download(game, [createSource(peer(1), game)]);
    expect(await readFile(join(rig.root, "data/mine"), "utf8")).toBe("mine");
  });
});

describe("what appears in the very moment of the begin", () => {
  const appears = (rig: DownloadRig) => ({
    beforeTouch: async () => {
      await mkdir(rig.root, { recursive: true });
      await writeFile(join(rig.root, "game.eti"), Buffer.alloc(6 * MIB, "mine"));
    },
  });

  it("is not overwritten, and what was begun is undone", async () => {
    await using rig = await createRig();
    const game = await rig.game(SMALL_GAME);
    await expect(rig.download(game, [createSource(peer(1), game)], appears(rig))).rejects.toMatchObject({
      code: "already-exists",
    });
    expect(await readdir(rig.root)).toEqual(["game.eti"]);
    expect((await readFile(join(rig.root, "game.eti"))).equals(Buffer.alloc(6 * MIB, "mine"))).toBe(true);
    expect(await readdir(rig.stateDir.gameDir(GGOO))).toEqual([]);
  });

  it("leaves the old version as it was", async () => {
    await using rig = await createRig();
    const game = await rig.game(SMALL_GAME);
    const old = await createSourceGame(rig.root, { "version.ini": "20170101", "old.eti": "old" });
    await expect(rig.download(game, [createSource(peer(1), game)], appears(rig))).rejects.toMatchObject({
      code: "already-exists",
    });
    expect(await hasWholeGame(rig.root, old)).toBe(true);
    expect((await readdir(rig.root)).sort()).toEqual(["game.eti", "old.eti", "version.ini"]);
    expect(await readdir(rig.stateDir.gameDir(GGOO))).toEqual([]);
  });
});

describe("links", () => {
  it.each([
    { name: "the root", at: "" },
    { name: "a directory", at: "data" },
    { name: "a file", at: "game.eti" },
  ])("are not followed: $name", async ({ at }) => {
    await using rig = await createRig();
    const game = await rig.game(SMALL_GAME);
    const outside = rig.dir.join("outside");
    await mkdir(outside);
    await writeFile(join(outside, "kept"), "kept");
    if (at !== "") await mkdir(rig.root);
    await symlink(at === "game.eti" ? join(outside, "kept") : outside, join(rig.root, at));
    await expect(rig.download(game, [createSource(peer(1), game)])).rejects.toMatchObject({
      code: at === "game.eti" ? "already-exists" : "forbidden-path",
    });
    expect(await readdir(outside)).toEqual(["kept"]);
    expect(await readFile(join(outside, "kept"), "utf8")).toBe("kept");
  });

  it.each(["data", "game.eti"])(
    "that are put there during the transfer are not followed, nor removed: %s",
    async (at) => {
      await using rig = await createRig();
      const game = await rig.game({ ...SMALL_GAME, "data/a": seededBytes(8, MIB) });
      const outside = rig.dir.join("outside");
      await mkdir(outside);
      await writeFile(join(outside, "a"), Buffer.alloc(MIB));
      await writeFile(join(outside, "file"), "kept");
      const download = rig.download(game, [createSource(peer(1), game)], {
        onStep: async (step) => {
          if (step !== "files-created") return;
          await rm(join(rig.root, at), { recursive: true });
          await symlink(at === "data" ? outside : join(outside, "file"), join(rig.root, at));
        },
      });
      await expect(download).rejects.toMatchObject({ code: "forbidden-path" });
      expect((await readFile(join(outside, "a"))).equals(Buffer.alloc(MIB))).toBe(true);
      expect(await readFile(join(outside, "file"), "utf8")).toBe("kept");
      // Whoever cancels then has what is behind the link too.
      const controller = new AbortController();
      controller.abort();
      const other = await rig.game({ "version.ini": "20180412", b: "b" });
      await rig.download(other, [createSource(peer(1), other)]).catch(() => {});
      expect((await readdir(outside)).sort()).toEqual(["a", "file"]);
    },
  );

  it.each(["data/a", "game.eti"])(
    "that give somebody's file the name of one during the transfer leave its content alone: %s",
    async (at) => {
      await using rig = await createRig();
      const game = await rig.game(SMALL_GAME);
      const own = rig.dir.join("own");
      const content = Buffer.alloc(game.files.get(at)?.length ?? 0, "u");
      await writeFile(own, content);
      const download = rig.download(game, [createSource(peer(1), game)], {
        onStep: async (step) => {
          if (step !== "files-created") return;
          await rm(join(rig.root, at));
          await link(own, join(rig.root, at));
        },
      });
      await expect(download).rejects.toMatchObject({
        code: "forbidden-path",
        message: expect.stringContaining(join(rig.root, at)),
      });
      expect((await readFile(own)).equals(content)).toBe(true);
      expect((await readFile(join(rig.root, at))).equals(content)).toBe(true);
    },
  );

  it("hard ones: the other name of a file of the old version keeps its content", async () => {
    await using rig = await createRig();
    const game = await rig.game(SMALL_GAME);
    await createSourceGame(rig.root, {
      "version.ini": "20170101",
      "game.eti": seededBytes(7, 6 * MIB),
    });
    await mkdir(join(rig.root, "local"));
    await link(join(rig.root, "game.eti"), join(rig.root, "local/linked.eti"));
    await rig.download(game, [createSource(peer(1), game)]);
    expect(await hasWholeGame(rig.root, game)).toBe(true);
    const linked = await readFile(join(rig.root, "local/linked.eti"));
    expect(linked.equals(Buffer.from(seededBytes(7, 6 * MIB)))).toBe(true);
    expect((await stat(join(rig.root, "game.eti"))).nlink).toBe(1);
  });
});
