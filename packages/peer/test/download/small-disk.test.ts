import { link, mkdir, open, readdir, readFile, rm, statfs, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pieceLayout } from "@lanspread/proto";
import { eventually, seededBytes, smallDisk, smallDiskUnavailable } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import { withSpaceFigures } from "../../src/download/space.ts";
import { PeerError } from "../../src/errors/index.ts";
import {
  askedPieces,
  createRig,
  createSource,
  createSourceGame,
  GGOO,
  hasWholeGame,
  MIB,
  peer,
  SMALL_GAME,
} from "./support.ts";

const noDisk = smallDiskUnavailable();

describe.skipIf(noDisk !== undefined)(
  `on a small disk${noDisk === undefined ? "" : ` (skipped: ${noDisk})`}`,
  () => {
    const on = (gamesDir: string) => ({ gamesDir, root: join(gamesDir, GGOO) });

    it("says what is needed and what is free before anything is written", async () => {
      await using rig = await createRig();
      await using disk = await smallDisk(4 * MIB);
      const game = await rig.game(SMALL_GAME);
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
      const game = await rig.game(SMALL_GAME);
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
      const game = await rig.game(SMALL_GAME);
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
      await using disk = await smallDisk(8 * MIB);
      // One piece: of two that fail nothing else is asked beside them, and the source may be out before the rest has come.
      const game = await rig.game({ ...SMALL_GAME, "more.eti": seededBytes(9, MIB) });
      const vanishing = createSource(peer(1), game, {
        onRequest: async (request) => {
          if (request.type !== "get_game_file_chunk" || request.path !== "more.eti") return undefined;
          // A few failures, and it is out: what it is asked for beside this would come to nothing as well.
          await eventually(() => sumOf(rig.chunks) === 6 * MIB + 15, { what: "everything else" });
          throw new Error("gone");
        },
      });
      await expect(rig.download(game, [vanishing], on(disk.path))).rejects.toMatchObject({
        code: "peers-gone",
      });
      const source = createSource(peer(1), game);
      await rig.download(game, [source], on(disk.path));
      expect(await hasWholeGame(disk.join(GGOO), game)).toBe(true);
      expect(askedPieces(source, game)).toBe(2);
    });

    it("removes an old version first where there is no room for both", async () => {
      await using rig = await createRig();
      await using disk = await smallDisk(10 * MIB);
      const root = disk.join(GGOO);
      await createSourceGame(root, {
        "version.ini": "20170101",
        "old.eti": seededBytes(1, 7 * MIB),
      });
      const game = await rig.game(SMALL_GAME);
      await rig.download(game, [createSource(peer(1), game)], on(disk.path));
      expect(await hasWholeGame(root, game)).toBe(true);
      expect((await readdir(root)).sort()).toEqual(["data", "game.eti", "version.ini"]);
    });

    it.each(["way-cleared", "files-created"] as const)(
      "does not bring back an old version that went for lack of room, where it fails behind %s",
      async (last) => {
        await using rig = await createRig();
        await using disk = await smallDisk(10 * MIB);
        const root = disk.join(GGOO);
        await createSourceGame(root, { "version.ini": "20170101", "old.eti": seededBytes(1, 7 * MIB) });
        const game = await rig.game(SMALL_GAME);
        const controller = new AbortController();
        const failed = rig.download(game, [createSource(peer(1), game)], {
          ...on(disk.path),
          signal: controller.signal,
          onStep: (step) => {
            if (step !== last) return;
            controller.abort();
            throw new Error("no further");
          },
        });
        await expect(failed).rejects.toMatchObject({ code: "cancelled" });
        expect(await readdir(disk.path)).toEqual([]);
      },
    );

    it("claims nothing that comes to lie where an old version went for lack of room", async () => {
      await using rig = await createRig();
      await using disk = await smallDisk(10 * MIB);
      const root = disk.join(GGOO);
      await createSourceGame(root, { "version.ini": "20170101", "old.eti": seededBytes(1, 7 * MIB) });
      const game = await rig.game(SMALL_GAME);
      await rig.download(game, [createSource(peer(1), game)], {
        ...on(disk.path),
        onStep: async (step) => {
          if (step === "files-created") await writeFile(join(root, "old.eti"), "mine");
        },
      });
      expect(await hasWholeGame(root, game)).toBe(true);
      expect(await readFile(join(root, "old.eti"), "utf8")).toBe("mine");
    });

    it("counts what is on the disk already, verified or not, as no longer needed", async () => {
      await using rig = await createRig();
      await using disk = await smallDisk(8 * MIB);
      const game = await rig.game(SMALL_GAME);
      const { gamesDir, root } = on(disk.path);
      const path = join(root, "game.eti");
      await mkdir(root);
      await writeFile(path, Buffer.alloc(2 * MIB, 1));
      await truncate(path, 6 * MIB);
      const layout = pieceLayout(game.manifest);
      const full = new PeerError("disk-full", `${path}: the disk is full`);
      const done = new Uint8Array(layout.pieceCount);
      const needed = layout.totalBytes - 2 * MIB;
      expect(await withSpaceFigures(full, { gamesDir, root, layout, done })).toMatchObject({
        message: expect.stringContaining(`: ${needed} more bytes are needed, `),
      });
    });

    it("keeps an old version whose removal would make no room, since its bytes have a second name", async () => {
      await using rig = await createRig();
      await using disk = await smallDisk(10 * MIB);
      const root = disk.join(GGOO);
      await createSourceGame(root, { "version.ini": "20170101", "old.eti": seededBytes(1, 7 * MIB) });
      await link(join(root, "old.eti"), disk.join("mine.eti"));
      const game = await rig.game(SMALL_GAME);
      const failed = rig.download(game, [createSource(peer(1), game)], on(disk.path));
      await expect(failed).rejects.toMatchObject({ code: "disk-full" });
      expect((await readdir(root)).sort()).toEqual(["old.eti", "version.ini"]);
    });
  },
);

/** Bytes. */
function sumOf(chunks: readonly { readonly length: number }[]): number {
  return chunks.reduce((sum, { length }) => sum + length, 0);
}

/** Takes all the room there is. */
async function fill(path: string): Promise<void> {
  await using file = await open(path, "a");
  try {
    for (;;) await file.write(Buffer.alloc(4096));
  } catch {
    // Full.
  }
}
