import { existsSync } from "node:fs";
import {
  link,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  truncate,
  writeFile,
} from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { gameVersionSchema } from "@lanspread/proto";
import { createRandom, seededBytes } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import type { DownloadOptions, DownloadStep } from "../../src/download/index.ts";
import { readJournal } from "../../src/download/journal.ts";
import { PeerError } from "../../src/errors/index.ts";
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
  type SourceGame,
} from "./support.ts";

const NEW = gameVersionSchema.parse("20200101");

const FILES = {
  "version.ini": "20200101",
  "game.eti": seededBytes(5, 12 * MIB),
  "data/maps/a": seededBytes(6, 3 * MIB),
};

function newGame(rig: DownloadRig): Promise<SourceGame> {
  return rig.game(FILES, NEW);
}

/** Things in a root that no download may touch. */
async function putForeign(root: string): Promise<void> {
  for (const [path, content] of [
    ["local/save", "mine"],
    [".local.installing/x", "staging"],
    [".sync/state", "sync"],
    [".softlan_game_installed", "1"],
  ] as const) {
    await mkdir(join(root, path, ".."), { recursive: true });
    await writeFile(join(root, path), content);
  }
}

const FOREIGN = [".local.installing", ".softlan_game_installed", ".sync", "local"];

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

describe("an update", () => {
  it("replaces the old version, whatever lay where, and nothing else", async () => {
    await using rig = await createRig();
    const game = await rig.game({ ...FILES, docs: "a file", "readme/en": "a directory" }, NEW);
    await createSourceGame(rig.root, {
      "version.ini": "20180412",
      "game.eti": seededBytes(9, 20 * MIB),
      "docs/manual": "a directory",
      readme: "a file",
      "data/old/deep/x": "gone",
    });
    await putForeign(rig.root);
    await rig.download(game, [createSource(peer(1), game)]);
    expect(await hasWholeGame(rig.root, game)).toBe(true);
    expect((await readdir(rig.root)).sort()).toEqual(
      [...FOREIGN, "data", "docs", "game.eti", "readme", "version.ini"].sort(),
    );
    expect(await readdir(join(rig.root, "data"))).toEqual(["maps"]);
    expect(await readFile(join(rig.root, "local/save"), "utf8")).toBe("mine");
  });
});

describe("what was in the way of an update", () => {
  it("is no longer the old version's once it is removed: what comes to lie there stays", async () => {
    await using rig = await createRig();
    const game = await rig.game({ ...FILES, "readme/en": "a directory" }, NEW);
    await createSourceGame(rig.root, { "version.ini": "20180412", readme: "a file", other: "gone" });
    const oldFiles: (readonly string[])[] = [];
    await rig.download(game, [createSource(peer(1), game)], {
      onStep: async (step) => {
        if (step !== "files-created") return;
        const journal = await readJournal(rig.stateDir, GGOO);
        if (journal.status === "found") oldFiles.push(journal.record.oldFiles);
      },
    });
    expect(oldFiles).toEqual([["other"]]);
  });
});

describe("an update that is killed in its commit", () => {
  it("does not bring the old version back, whose files are gone", async () => {
    await using rig = await createRig();
    const game = await rig.game(
      { "version.ini": "20190101", "new.eti": "new" },
      gameVersionSchema.parse("20190101"),
    );
    await createSourceGame(rig.root, { "version.ini": "20180412", "old.eti": "old" });
    const killed = rig.download(game, [createSource(peer(1), game)], {
      onStep: (step) => {
        if (step === "old-files-removed") throw new Error("as if killed");
      },
    });
    await expect(killed).rejects.toThrow("as if killed");
    const controller = new AbortController();
    const cancelled = rig.download(game, [createSource(peer(1), game)], {
      signal: controller.signal,
      onStep: () => controller.abort(),
    });
    await expect(cancelled).rejects.toMatchObject({ code: "cancelled" });
    expect(existsSync(join(rig.root, "version.ini"))).toBe(false);
  });

  it("puts no sentinel behind a link that took the root's place", async () => {
    await using rig = await createRig();
    const game = await newGame(rig);
    const elsewhere = rig.dir.join("elsewhere");
    await mkdir(elsewhere);
    const download = rig.download(game, [createSource(peer(1), game)], {
      onStep: async (step) => {
        if (step !== "old-files-removed") return;
        await rename(rig.root, rig.dir.join("moved"));
        await symlink(elsewhere, rig.root);
      },
    });
    await expect(download).rejects.toMatchObject({ code: "forbidden-path" });
    expect(await readdir(elsewhere)).toEqual([]);
  });
});

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

/** Begins a download and shuts it down after a chunk of the archive. @returns pieces that are kept */
async function shutDown(rig: DownloadRig, game: SourceGame): Promise<number> {
  const controller = new AbortController();
  let kept = 0;
  const download = rig.download(game, [createSource(peer(9), game)], {
    signal: controller.signal,
    onChunk: ({ path, pieces }) => {
      if (path === "version.ini") return;
      kept += pieces;
      controller.abort(new PeerError("shutting-down", "the peer stops"));
    },
  });
  await expect(download).rejects.toMatchObject({ code: "shutting-down" });
  return kept;
}
