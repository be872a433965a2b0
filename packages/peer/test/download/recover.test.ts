import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { seededBytes } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import { recoverDownloads } from "../../src/download/index.ts";
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

/** A download that ended as if the process had been shut down at a step. */
async function stopAt(rig: DownloadRig, game: SourceGame, step: string): Promise<void> {
  const controller = new AbortController();
  const stopped = rig.download(game, [createSource(peer(1), game)], {
    signal: controller.signal,
    onStep: (at) => {
      if (at !== step) return;
      controller.abort(new PeerError("shutting-down", "stopped"));
      controller.signal.throwIfAborted();
    },
  });
  await expect(stopped).rejects.toMatchObject({ code: "shutting-down" });
}

function recover(rig: DownloadRig, busy = false) {
  const { gamesDir, stateDir } = rig;
  return recoverDownloads({ gamesDir, stateDir, isBusy: () => busy });
}

const FILES = {
  "version.ini": "20180412",
  "game.eti": seededBytes(3, 2 * MIB),
};

describe("the recovery of downloads", () => {
  it("keeps partial files that have a journal", async () => {
    await using rig = await createRig();
    const game = await rig.game(FILES);
    await stopAt(rig, game, "all-flushed");
    expect(await recover(rig)).toEqual([{ gameId: GGOO, outcome: "kept" }]);
    expect(await readdir(rig.root)).toEqual(["game.eti"]);
    expect((await readdir(rig.stateDir.gameDir(GGOO))).sort()).toEqual(["download.json", "pieces"]);
  });

  it("does not promote a finished temporary sentinel", async () => {
    await using rig = await createRig();
    const game = await rig.game(FILES);
    await stopAt(rig, game, "all-flushed");
    await writeFile(join(rig.root, ".version.ini.tmp"), FILES["version.ini"]);
    await recover(rig);
    expect(await readdir(rig.root)).toEqual(["game.eti"]);
  });

  it("gives the old version back where nothing of the new one had come", async () => {
    await using rig = await createRig();
    const game = await rig.game({ ...FILES, "new.eti": "new" });
    const old = await createSourceGame(rig.root, {
      "version.ini": "20170101",
      "old.eti": "old",
    });
    await stopAt(rig, game, "files-created");
    expect(await readdir(rig.root)).toContain(".version.ini.discarded");
    expect(await recover(rig)).toEqual([{ gameId: GGOO, outcome: "restored" }]);
    expect(await hasWholeGame(rig.root, old)).toBe(true);
    expect((await readdir(rig.root)).sort()).toEqual(["old.eti", "version.ini"]);
    expect(await readdir(rig.stateDir.gameDir(GGOO))).toEqual([]);
  });

  it("does not throw away what came for an old version that was not touched", async () => {
    await using rig = await createRig();
    const game = await rig.game(FILES);
    await createSourceGame(rig.root, { "version.ini": "20170101", "old.eti": "old" });
    await stopAt(rig, game, "all-flushed");
    expect(await recover(rig)).toEqual([{ gameId: GGOO, outcome: "kept" }]);
    const source = createSource(peer(1), game);
    await rig.download(game, [source]);
    expect(await hasWholeGame(rig.root, game)).toBe(true);
    expect(askedPieces(source, game)).toBe(1);
  });

  it("does not give the old sentinel back where a byte of the old version was touched", async () => {
    await using rig = await createRig();
    const game = await rig.game(FILES);
    await createSourceGame(rig.root, {
      "version.ini": "20170101",
      "game.eti": "old",
    });
    await stopAt(rig, game, "old-version-touched");
    expect(await recover(rig)).toEqual([{ gameId: GGOO, outcome: "kept" }]);
    expect(await readdir(rig.root)).not.toContain("version.ini");
  });

  it("ends a cancel that was interrupted, and leaves what is not its own", async () => {
    await using rig = await createRig();
    const game = await rig.game({ ...FILES, "data/one": "one", "data/two": "two" });
    await stopAt(rig, game, "all-flushed");
    await mkdir(join(rig.root, "local"));
    await writeFile(join(rig.root, "local/save"), "mine");
    await writeFile(join(rig.root, "data/mine"), "mine");
    // A cancel makes nothing count as done before it removes the first byte.
    await rm(rig.stateDir.downloadBitmap(GGOO));
    await rm(join(rig.root, "data/one"));
    expect(await recover(rig)).toEqual([{ gameId: GGOO, outcome: "discarded" }]);
    expect((await readdir(rig.root, { recursive: true })).sort()).toEqual([
      ...["data", join("data", "mine"), "local", join("local", "save")],
    ]);
    expect(await readdir(rig.stateDir.gameDir(GGOO))).toEqual([]);
    expect(await recover(rig)).toEqual([]);
  });

  it("ends a cancel that was interrupted: what is left of an old version that was touched goes too", async () => {
    await using rig = await createRig();
    const game = await rig.game(FILES);
    await createSourceGame(rig.root, { "version.ini": "20170101", "game.eti": "old", "old.eti": "old" });
    await stopAt(rig, game, "all-flushed");
    await rm(rig.stateDir.downloadBitmap(GGOO));
    expect(await recover(rig)).toEqual([{ gameId: GGOO, outcome: "discarded" }]);
    expect(await readdir(rig.gamesDir)).toEqual([]);
  });

  it("leaves files alone of whose journal only the pieces are left: nothing says which files they were", async () => {
    await using rig = await createRig();
    const game = await rig.game(FILES);
    await stopAt(rig, game, "all-flushed");
    await rm(rig.stateDir.downloadJournal(GGOO));
    expect(await recover(rig)).toEqual([{ gameId: GGOO, outcome: "damaged" }]);
    expect(await readdir(rig.root)).toEqual(["game.eti"]);
    expect(await readdir(rig.stateDir.gameDir(GGOO))).toEqual([]);
  });

  it("removes the traces of a download that had ended", async () => {
    await using rig = await createRig();
    const game = await rig.game(FILES);
    await createSourceGame(rig.root, {
      "version.ini": "20170101",
      "game.eti": "old",
    });
    const controller = new AbortController();
    const killed = rig.download(game, [createSource(peer(1), game)], {
      signal: controller.signal,
      onStep: (at) => {
        if (at === "sentinel-written") throw new PeerError("internal", "as if killed");
      },
    });
    await expect(killed).rejects.toThrow("as if killed");
    expect(await recover(rig)).toEqual([{ gameId: GGOO, outcome: "finished" }]);
    expect((await readdir(rig.root)).sort()).toEqual(["game.eti", "version.ini"]);
    expect(await hasWholeGame(rig.root, game)).toBe(true);
    expect(await recover(rig)).toEqual([]);
  });

  it("leaves a game alone that is busy", async () => {
    await using rig = await createRig();
    const game = await rig.game({ ...FILES, "new.eti": "new" });
    await createSourceGame(rig.root, { "version.ini": "20170101" });
    await stopAt(rig, game, "files-created");
    expect(await recover(rig, true)).toEqual([]);
    expect(await readdir(rig.root)).toContain(".version.ini.discarded");
  });

  it("leaves files alone whose journal is damaged: they may be anybody's", async () => {
    await using rig = await createRig();
    const game = await rig.game(FILES);
    await stopAt(rig, game, "all-flushed");
    await writeFile(rig.stateDir.downloadJournal(GGOO), "{");
    expect(await recover(rig)).toEqual([{ gameId: GGOO, outcome: "damaged" }]);
    expect(await readdir(rig.root)).toEqual(["game.eti"]);
    // And the next download does not take them for its own.
    await expect(rig.download(game, [createSource(peer(1), game)])).rejects.toMatchObject({
      code: "already-exists",
    });
  });

  it("leaves files alone that a journal of another games directory names", async () => {
    await using rig = await createRig();
    const game = await rig.game(FILES);
    await stopAt(rig, game, "all-flushed");
    const elsewhere = rig.dir.join("other-games");
    await mkdir(join(elsewhere, GGOO), { recursive: true });
    await writeFile(join(elsewhere, GGOO, "game.eti"), "mine");
    const { stateDir } = rig;
    expect(
      await recoverDownloads({
        gamesDir: elsewhere,
        stateDir,
        isBusy: () => false,
      }),
    ).toEqual([{ gameId: GGOO, outcome: "elsewhere" }]);
    expect(await readFile(join(elsewhere, GGOO, "game.eti"), "utf8")).toBe("mine");
    // The first one came back: its download goes on.
    expect(await recover(rig)).toEqual([{ gameId: GGOO, outcome: "kept" }]);
  });

  it("goes on with a download on a drive that was unplugged meanwhile", async () => {
    await using rig = await createRig();
    const game = await rig.game(FILES);
    await stopAt(rig, game, "all-flushed");
    await rename(rig.gamesDir, rig.dir.join("unplugged"));
    await mkdir(rig.gamesDir);
    await recover(rig);
    await rm(rig.gamesDir, { recursive: true });
    await rename(rig.dir.join("unplugged"), rig.gamesDir);
    expect(await recover(rig)).toEqual([{ gameId: GGOO, outcome: "kept" }]);
    const source = createSource(peer(1), game);
    await rig.download(game, [source]);
    expect(await hasWholeGame(rig.root, game)).toBe(true);
    // Nothing but the sentinel had to come.
    expect(askedPieces(source, game)).toBe(1);
  });

  it("forgets a download whose folder is gone, but not while the whole games directory is", async () => {
    await using rig = await createRig();
    const game = await rig.game(FILES);
    await stopAt(rig, game, "all-flushed");
    await rename(rig.gamesDir, rig.dir.join("unplugged"));
    expect(await recover(rig)).toEqual([]);
    await rename(rig.dir.join("unplugged"), rig.gamesDir);
    await rename(rig.root, rig.dir.join("moved"));
    // Where a drive is not plugged in, the directory that it belongs to is there, and empty.
    expect(await recover(rig)).toEqual([{ gameId: GGOO, outcome: "elsewhere" }]);
    await mkdir(join(rig.gamesDir, "another"));
    expect(await recover(rig)).toEqual([{ gameId: GGOO, outcome: "forgotten" }]);
    expect(await readdir(rig.stateDir.gameDir(GGOO))).toEqual([]);
  });
});
