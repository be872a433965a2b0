import {
  chmod,
  link,
  mkdir,
  open,
  readdir,
  readFile,
  rm,
  stat,
  statfs,
  symlink,
  writeFile,
} from "node:fs/promises";
import { join } from "node:path";
import { seededBytes, smallDisk, smallDiskUnavailable } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import { makeFiles } from "../../src/download/make-files.ts";
import type { DownloadLanes } from "../../src/download/types.ts";
import { directAccess } from "../../src/storage/index.ts";
import { asNobody } from "../storage/as-nobody.ts";
import {
  askedPieces,
  createRig,
  createSource,
  createSourceGame,
  type DownloadRig,
  GGOO,
  hasWholeGame,
  MIB,
  peer,
} from "./support.ts";

const FILES = {
  "version.ini": "20180412",
  "game.eti": seededBytes(3, 6 * MIB),
  "data/a": "payload",
};
const noDisk = smallDiskUnavailable();

describe.skipIf(noDisk !== undefined)(
  `on a small disk${noDisk === undefined ? "" : ` (skipped: ${noDisk})`}`,
  () => {
    const on = (gamesDir: string) => ({ gamesDir, root: join(gamesDir, GGOO) });

    it("says what is needed and what is free before anything is written", async () => {
      await using rig = await createRig();
      await using disk = await smallDisk(4 * MIB);
      const game = await rig.game(FILES);
      const { bavail, bsize } = await statfs(disk.path);
      const source = createSource(peer(1), game);
      const failure = rig.download(game, [source], on(disk.path));
      await expect(failure).rejects.toMatchObject({
        code: "disk-full",
        message: expect.stringMatching(new RegExp(`needs ${6 * MIB + 15} bytes.*${bavail * bsize} bytes`)),
      });
      expect(await readdir(disk.path)).toEqual([]);
      expect(await readdir(rig.stateDir.gamesDir)).toEqual([]);
      expect(rig.calls).toEqual([]);
      expect(source.requests).toEqual([]);
    });

    it("counts what the install will need", async () => {
      await using rig = await createRig();
      await using disk = await smallDisk(8 * MIB);
      const game = await rig.game(FILES);
      const source = createSource(peer(1), game);
      const install = { ...on(disk.path), needBytesForInstall: 3 * MIB };
      await expect(rig.download(game, [source], install)).rejects.toMatchObject({
        code: "disk-full",
        message: expect.stringContaining(`${3 * MIB} of them to install`),
      });
      await rig.download(game, [source], on(disk.path));
      expect(await hasWholeGame(disk.join(GGOO), game)).toBe(true);
    });

    it("keeps what came when somebody else fills the disk, and goes on when there is room", async () => {
      await using rig = await createRig();
      await using disk = await smallDisk(8 * MIB);
      const game = await rig.game(FILES);
      const source = createSource(peer(1), game, {
        onBytes: async (path, _offset, bytes) => {
          if (path === "game.eti") await fill(disk.join("big"));
          return bytes;
        },
      });
      await expect(rig.download(game, [source], on(disk.path))).rejects.toMatchObject({
        code: "disk-full",
        message: expect.stringMatching(
          /game\.eti: the disk is full: [1-9]\d* more bytes are needed, \d+ bytes are free$/u,
        ),
      });
      expect(await readdir(disk.join(GGOO))).not.toContain("version.ini");
      await rm(disk.join("big"));
      await rig.download(game, [createSource(peer(1), game)], on(disk.path));
      expect(await hasWholeGame(disk.join(GGOO), game)).toBe(true);
    });

    it("goes on where only what is missing fits", async () => {
      await using rig = await createRig();
      await using disk = await smallDisk(10 * MIB);
      const game = await rig.game({
        ...FILES,
        "more.eti": seededBytes(9, 3 * MIB),
      });
      const vanishing = createSource(peer(1), game, {
        onRequest: async (request) => {
          if (request.type === "get_game_file_chunk" && request.path === "more.eti") throw new Error("gone");
          return undefined;
        },
      });
      await expect(rig.download(game, [vanishing], on(disk.path))).rejects.toMatchObject({
        code: "peers-gone",
      });
      const source = createSource(peer(1), game);
      await rig.download(game, [source], on(disk.path));
      expect(await hasWholeGame(disk.join(GGOO), game)).toBe(true);
      expect(askedPieces(source, game)).toBe(4);
    });

    it("removes an old version first where there is no room for both", async () => {
      await using rig = await createRig();
      await using disk = await smallDisk(10 * MIB);
      const root = disk.join(GGOO);
      await createSourceGame(root, {
        "version.ini": "20170101",
        "old.eti": seededBytes(1, 7 * MIB),
      });
      const game = await rig.game(FILES);
      await rig.download(game, [createSource(peer(1), game)], on(disk.path));
      expect(await hasWholeGame(root, game)).toBe(true);
      expect((await readdir(root)).sort()).toEqual(["data", "game.eti", "version.ini"]);
    });
  },
);

/** Takes all the room there is. */
async function fill(path: string): Promise<void> {
  await using file = await open(path, "a");
  try {
    for (;;) await file.write(Buffer.alloc(4096));
  } catch {
    // Full.
  }
}

describe("where it may not write", () => {
  it("names the directory, and leaves no journal behind that would claim files", async () => {
    await using rig = await createRig();
    const game = await rig.game(FILES);
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
    const game = await rig.game(FILES);
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

describe("what nothing proves to be ours", () => {
  it.each(["game.eti", "data/a", "version.ini"])("is not overwritten: %s", async (path) => {
    await using rig = await createRig();
    const game = await rig.game(FILES);
    await mkdir(join(rig.root, path, ".."), { recursive: true });
    await writeFile(join(rig.root, path), "my own, no version");
    await expectRefusal(rig, game, "already-exists", join(rig.root, path));
    expect(await readFile(join(rig.root, path), "utf8")).toBe("my own, no version");
    expect((await readdir(rig.root, { recursive: true })).length).toBe(path.split("/").length);
  });

  it("stays where it is in the way of a directory", async () => {
    await using rig = await createRig();
    const game = await rig.game(FILES);
    await mkdir(rig.root);
    await writeFile(join(rig.root, "data"), "a file of mine");
    await expectRefusal(rig, game, "not-a-directory", join(rig.root, "data"));
    expect(await readdir(rig.root)).toEqual(["data"]);
  });

  it("is kept where it is in nobody's way", async () => {
    await using rig = await createRig();
    const game = await rig.game(FILES);
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
    const game = await rig.game(FILES);
    await expect(rig.download(game, [createSource(peer(1), game)], appears(rig))).rejects.toMatchObject({
      code: "already-exists",
    });
    expect(await readdir(rig.root)).toEqual(["game.eti"]);
    expect((await readFile(join(rig.root, "game.eti"))).equals(Buffer.alloc(6 * MIB, "mine"))).toBe(true);
    expect(await readdir(rig.stateDir.gameDir(GGOO))).toEqual([]);
  });

  it("leaves the old version as it was", async () => {
    await using rig = await createRig();
    const game = await rig.game(FILES);
    const old = await createSourceGame(rig.root, { "version.ini": "20170101", "old.eti": "old" });
    await expect(rig.download(game, [createSource(peer(1), game)], appears(rig))).rejects.toMatchObject({
      code: "already-exists",
    });
    expect(await hasWholeGame(rig.root, old)).toBe(true);
    expect((await readdir(rig.root)).sort()).toEqual(["game.eti", "old.eti", "version.ini"]);
    expect(await readdir(rig.stateDir.gameDir(GGOO))).toEqual([]);
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
        [Symbol.asyncDispose]: async () => {},
      }),
    },
  });

  it("leaves no file behind that a lane made which is gone: cancelled at that moment", async () => {
    await using rig = await createRig();
    const game = await rig.game(FILES);
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
    const game = await rig.game(FILES);
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
    const game = await rig.game({ ...FILES, [path]: "too far" });
    await expect(
      rig.download(game, [createSource(peer(1), game)], { gamesDir, root: join(gamesDir, GGOO) }),
    ).rejects.toMatchObject({ code: "path-too-long" });
    expect(await readdir(gamesDir)).toEqual([]);
  });
});

it("goes on through another name of the games directory", async () => {
  await using rig = await createRig();
  const game = await rig.game(FILES);
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
  const game = await rig.game(FILES);
  await expect(rig.download(game, [])).rejects.toMatchObject({ code: "no-peers-have-game" });
  expect(await readdir(rig.gamesDir)).toEqual([]);
});

async function expectRefusal(
  rig: DownloadRig,
  game: Parameters<DownloadRig["download"]>[0],
  code: string,
  path: string,
): Promise<void> {
  const source = createSource(peer(1), game);
  await expect(rig.download(game, [source])).rejects.toMatchObject({
    code,
    message: expect.stringContaining(path),
  });
  expect(rig.calls).toEqual([]);
  expect(source.requests).toEqual([]);
}

describe("links", () => {
  it.each([
    { name: "the root", at: "" },
    { name: "a directory", at: "data" },
    { name: "a file", at: "game.eti" },
  ])("are not followed: $name", async ({ at }) => {
    await using rig = await createRig();
    const game = await rig.game(FILES);
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
      const game = await rig.game({ ...FILES, "data/a": seededBytes(8, MIB) });
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
      const game = await rig.game(FILES);
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
    const game = await rig.game(FILES);
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
    const game = await rig.game({ ...FILES, [path]: "evil" });
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
