import { existsSync } from "node:fs";
import { readdir, readFile, rename, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { createRandom, seededBytes } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import type { DownloadOptions, DownloadStep } from "../../src/download/index.ts";
import { FILES, FOREIGN, NEW, newGame, putForeign, shutDown } from "./new-version.ts";
import { createRig, createSource, createSourceGame, GGOO, hasWholeGame, MIB, peer } from "./support.ts";

describe("a cancelled download", () => {
  it("removes what it made, at any moment, and an empty root", async () => {
    const random = createRandom(3);
    await using rig = await createRig();
    const game = await newGame(rig);
    for (let round = 0; round < 12; round++) {
      const controller = new AbortController();
      const source = createSource(peer(1), game, {
        onBytes: async (_path, _offset, bytes) => {
          await delay(5);
          return bytes;
        },
      });
      const download = rig.download(game, [source], {
        signal: controller.signal,
      });
      const ended = download.then(
        () => "done",
        (error: unknown) => error,
      );
      await delay(random() * 60);
      controller.abort();
      const end = await ended;
      if (end === "done") break;
      expect(end).toMatchObject({ name: "PeerError", code: "cancelled" });
      expect(await readdir(rig.gamesDir)).toEqual([]);
      expect(await readdir(rig.stateDir.gameDir(GGOO)).catch(() => [])).toEqual([]);
      expect(source.openAnswers()).toBe(0);
    }
  });

  it("keeps local/, its staging and what belongs to others", async () => {
    await using rig = await createRig();
    const game = await newGame(rig);
    await putForeign(rig.root);
    const controller = new AbortController();
    const download = rig.download(game, [createSource(peer(1), game)], {
      signal: controller.signal,
      onChunk: () => controller.abort(),
    });
    await expect(download).rejects.toMatchObject({ code: "cancelled" });
    expect((await readdir(rig.root)).sort()).toEqual(FOREIGN);
    expect(await readFile(join(rig.root, "local/save"), "utf8")).toBe("mine");
  });

  it("removes what an earlier one had left, too", async () => {
    await using rig = await createRig();
    const game = await newGame(rig);
    await shutDown(rig, game);
    expect(await readdir(rig.root)).toContain("game.eti");
    const controller = new AbortController();
    await expect(
      rig.download(game, [createSource(peer(1), game)], {
        signal: controller.signal,
        onBegin: () => controller.abort(),
      }),
    ).rejects.toMatchObject({ code: "cancelled" });
    expect(await readdir(rig.gamesDir)).toEqual([]);
  });

  it.each<[string, (controller: AbortController) => Partial<DownloadOptions>]>([
    [
      "before it looked",
      (controller) => {
        controller.abort();
        return {};
      },
    ],
    ["when it was about to go on", (controller) => ({ beforeTouch: async () => controller.abort() })],
  ])("removes what an earlier one had left even where it is cancelled %s", async (_, cancel) => {
    await using rig = await createRig();
    const game = await newGame(rig);
    await shutDown(rig, game);
    await putForeign(rig.root);
    await writeFile(join(rig.root, "data/maps/mine"), "mine");
    const controller = new AbortController();
    const { signal } = controller;
    await expect(
      rig.download(game, [createSource(peer(1), game)], { ...cancel(controller), signal }),
    ).rejects.toMatchObject({ code: "cancelled" });
    expect((await readdir(rig.root)).sort()).toEqual([...FOREIGN, "data"].sort());
    expect(await readdir(join(rig.root, "data/maps"))).toEqual(["mine"]);
    expect(await readdir(rig.stateDir.gameDir(GGOO))).toEqual([]);
  });

  it("leaves a game alone that somebody put in the place of what an earlier one had left", async () => {
    await using rig = await createRig();
    const game = await newGame(rig);
    await shutDown(rig, game);
    await createSourceGame(rig.root, FILES, NEW);
    await expect(
      rig.download(game, [createSource(peer(1), game)], { signal: AbortSignal.abort() }),
    ).rejects.toMatchObject({ code: "cancelled" });
    expect(await hasWholeGame(rig.root, game)).toBe(true);
  });

  it.each(["damaged", "of another place"])(
    "proves nothing by a journal that is %s: what is there stays",
    async (how) => {
      await using rig = await createRig();
      const game = await newGame(rig);
      await shutDown(rig, game);
      const before = (await readdir(rig.root, { recursive: true })).sort();
      const gamesDir = how === "damaged" ? rig.gamesDir : rig.dir.join("elsewhere");
      if (how === "damaged") await writeFile(rig.stateDir.downloadJournal(GGOO), "{");
      else await rename(rig.gamesDir, gamesDir);
      const place = { gamesDir, root: join(gamesDir, GGOO), signal: AbortSignal.abort() };
      await expect(rig.download(game, [createSource(peer(1), game)], place)).rejects.toMatchObject({
        code: "cancelled",
      });
      expect((await readdir(place.root, { recursive: true })).sort()).toEqual(before);
    },
  );

  it("follows no link that took the root's place", async () => {
    await using rig = await createRig();
    const game = await newGame(rig);
    await shutDown(rig, game);
    const elsewhere = rig.dir.join("elsewhere");
    await rename(rig.root, elsewhere);
    await symlink(elsewhere, rig.root);
    await expect(
      rig.download(game, [createSource(peer(1), game)], { signal: AbortSignal.abort() }),
    ).rejects.toMatchObject({ code: "forbidden-path" });
    expect(await readdir(elsewhere)).toContain("game.eti");
  });

  it("comes too late once the commit has begun", async () => {
    await using rig = await createRig();
    const game = await newGame(rig);
    for (const step of ["old-files-removed", "sentinel-written", "discarded-removed"] as const) {
      const controller = new AbortController();
      await rig.download(game, [createSource(peer(1), game)], {
        signal: controller.signal,
        onStep: (at: DownloadStep) => {
          if (at === step) controller.abort();
        },
      });
      expect(await hasWholeGame(rig.root, game)).toBe(true);
    }
  });
});

describe("a cancelled update", () => {
  it("gives the old version back where no byte of it was touched", async () => {
    await using rig = await createRig();
    const game = await newGame(rig);
    const old = await createSourceGame(rig.root, {
      "version.ini": "20180412",
      "old.eti": seededBytes(8, 2 * MIB),
      "data/kept": "old",
    });
    await putForeign(rig.root);
    const controller = new AbortController();
    const download = rig.download(game, [createSource(peer(1), game)], {
      signal: controller.signal,
      onChunk: ({ path }) => {
        if (path !== "version.ini") controller.abort();
      },
    });
    await expect(download).rejects.toMatchObject({ code: "cancelled" });
    expect(await hasWholeGame(rig.root, old)).toBe(true);
    expect((await readdir(rig.root)).sort()).toEqual([...FOREIGN, "data", "old.eti", "version.ini"].sort());
    expect(await readdir(join(rig.root, "data"))).toEqual(["kept"]);
  });

  it("gives the old version back also where it is cancelled before it goes on", async () => {
    await using rig = await createRig();
    const game = await newGame(rig);
    const old = await createSourceGame(rig.root, { "version.ini": "20180412", "data/kept": "old" });
    await shutDown(rig, game);
    expect(existsSync(join(rig.root, "version.ini"))).toBe(false);
    await expect(
      rig.download(game, [createSource(peer(1), game)], { signal: AbortSignal.abort() }),
    ).rejects.toMatchObject({ code: "cancelled" });
    expect(await hasWholeGame(rig.root, old)).toBe(true);
    expect((await readdir(rig.root)).sort()).toEqual(["data", "version.ini"]);
    expect(await readdir(rig.stateDir.gameDir(GGOO))).toEqual([]);
  });

  it("removes the old version where it was touched", async () => {
    await using rig = await createRig();
    const game = await newGame(rig);
    await createSourceGame(rig.root, {
      "version.ini": "20180412",
      "game.eti": "old",
      "old.eti": "old",
    });
    await putForeign(rig.root);
    const controller = new AbortController();
    const download = rig.download(game, [createSource(peer(1), game)], {
      signal: controller.signal,
      onStep: (step) => {
        if (step === "old-version-touched") controller.abort();
      },
    });
    await expect(download).rejects.toMatchObject({ code: "cancelled" });
    expect((await readdir(rig.root)).sort()).toEqual(FOREIGN);
  });
});
