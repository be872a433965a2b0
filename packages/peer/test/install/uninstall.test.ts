import { readFile, symlink } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { recoverInstalls, uninstallGame } from "../../src/install/index.ts";
import { createGame, failure, GAME, install, uninstall } from "./installing.ts";
import { createRig, GGOO, namesIn, tree, writeFiles } from "./support.ts";

describe("uninstalling", () => {
  it("deletes local/ with everything in it, follows no link, and keeps the download", async () => {
    await using rig = await createGame({ "a.eti": GAME });
    const downloaded = await tree(rig.gamesDir);
    await install(rig);
    await writeFiles(rig.root, { "local/saves/slot1.sav": "a hundred hours" });
    await writeFiles(rig.place.path, { "outside/precious": "the user's" });
    await symlink(rig.place.join("outside"), join(rig.root, "local", "link"));
    await uninstall(rig);
    expect(await tree(rig.gamesDir)).toEqual(downloaded);
    expect(await namesIn(rig.stateDir.gameDir(GGOO))).toEqual([]);
    expect(await readFile(rig.place.join("outside/precious"), "utf8")).toBe("the user's");
  });

  it("does so also for a game that lanspread did not install", async () => {
    await using rig = await createRig({
      "local/game.exe": "installed by hand",
    });
    await uninstall(rig);
    expect(await namesIn(rig.root)).toEqual([]);
  });

  it("is refused for what is not installed", async () => {
    await using rig = await createGame({ "a.eti": GAME });
    expect(await failure(rig, () => uninstall(rig))).toMatchObject({
      code: "not-installed",
    });
    await writeFiles(rig.place.path, { "outside/precious": "the user's" });
    await symlink(rig.place.join("outside"), join(rig.root, "local"));
    expect(await failure(rig, () => uninstall(rig))).toMatchObject({
      code: "not-installed",
    });
    expect(await readFile(rig.place.join("outside/precious"), "utf8")).toBe("the user's");
  });

  it("is refused where something of the user's is at the reserved name", async () => {
    await using rig = await createRig({
      "local/game.exe": "x",
      ".local.backup/mine": "the user's",
    });
    expect(await failure(rig, () => uninstall(rig))).toMatchObject({
      code: "already-exists",
      message: expect.stringContaining(join(rig.root, ".local.backup")),
    });
  });

  it("does nothing when it is cancelled before local/ is set aside", async () => {
    await using rig = await createRig({ "local/game.exe": "x" });
    const stop = new AbortController();
    const { root, stateDir } = rig;
    const options = {
      gameId: GGOO,
      root,
      stateDir,
      signal: stop.signal,
      onStep: () => stop.abort(),
    };
    expect(await failure(rig, () => uninstallGame(options))).toMatchObject({
      code: "cancelled",
    });
  });

  it("succeeds with a warning when something cannot be deleted yet; recovery deletes it", async () => {
    await using rig = await createRig({
      "version.ini": "1",
      "local/game.exe": "x",
    });
    const { root, stateDir, gamesDir, logger } = rig;
    await uninstallGame({
      gameId: GGOO,
      root,
      stateDir,
      logger,
      onStep: (step, moment) => {
        if (step === "delete-backup" && moment === "before") throw new Error("in use");
      },
    });
    expect(await namesIn(root)).toEqual([".local.backup", "version.ini"]);
    expect(rig.log.filter(({ level }) => level === "warn")).toHaveLength(1);
    await recoverInstalls({ gamesDir, stateDir, logger, isBusy: () => false });
    expect(await namesIn(root)).toEqual(["version.ini"]);
    expect(await namesIn(stateDir.gameDir(GGOO))).toEqual([]);
  });
});
