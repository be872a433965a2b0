import { readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readInstalledList, uninstallGame } from "../../src/install/index.ts";
import type { CrashPlan } from "./crash-child.ts";
import {
  crash,
  createDownloaded,
  everything,
  expectInstalled,
  INSTALL_STEPS,
  installIn,
  placesOf,
  recover,
  SAVED_GAME,
  UNINSTALL_STEPS,
  UPDATE_STEPS,
} from "./crashing.ts";
import { GGOO, namesIn, tree, writeFiles } from "./support.ts";
import { createPlayed, NEW, update } from "./updating.ts";

describe.concurrent("an install that is killed", () => {
  const places: [string, CrashPlan["moment"], boolean][] = [
    ...placesOf(INSTALL_STEPS),
    ["fill-staging", "during", false],
  ];
  it.each(places)("%s, %s: recovery makes it whole or undone, once", async (step, moment, happened) => {
    await using rig = await createDownloaded();
    const before = await everything(rig);
    await crash({ operation: "install", root: rig.root, stateDir: rig.stateDir.root, step, moment });
    await recover(rig);
    const recovered = await everything(rig);
    await recover(rig);
    expect(await everything(rig)).toEqual(recovered);
    if (happened) {
      expect(await namesIn(rig.root)).toEqual(["ggoo.eti", "local", "version.ini"]);
      await expectInstalled(rig);
      expect(await namesIn(rig.stateDir.gameDir(GGOO))).toEqual(["installed.json"]);
    } else {
      expect(recovered[0]).toEqual(before[0]);
      await installIn(rig);
      await expectInstalled(rig);
    }
    expect(rig.log.filter(({ level }) => level === "warn" || level === "error")).toEqual([]);
  });
});

describe.concurrent("an update that is killed", () => {
  const places: [string, CrashPlan["moment"], boolean][] = [
    ...placesOf(UPDATE_STEPS),
    ["fill-staging", "during", false],
  ];
  /** Of the version that is installed; the user's own beside it. */
  const KEPT = ["keys.ini", "saves/", "saves/slot1.sav"];

  it.each(places)("%s, %s: recovery ends it or undoes it, once", async (step, moment, happened) => {
    await using rig = await createPlayed();
    const before = await everything(rig);
    await crash({ operation: "update", root: rig.root, stateDir: rig.stateDir.root, step, moment });
    await recover(rig);
    const recovered = await everything(rig);
    await recover(rig);
    expect(await everything(rig)).toEqual(recovered);
    if (!happened) {
      expect(recovered).toEqual(before);
      await update(rig);
    }
    expect(await namesIn(rig.root)).toEqual(["a.eti", "local", "version.ini"]);
    const local = await tree(join(rig.root, "local"));
    expect(Object.keys(local)).toEqual([...NEW.map(({ name }) => name), "data/", ...KEPT].sort());
    expect(await readFile(join(rig.root, "local/game.exe"), "utf8")).toBe("the new game");
    expect(await readFile(join(rig.root, "local/saves/slot1.sav"), "utf8")).toBe("a hundred hours");
    expect(await readFile(join(rig.root, "local/keys.ini"), "utf8")).toBe("jump=enter");
    expect((await readInstalledList(rig.stateDir, GGOO))?.version).toBe("20200101");
    expect(await namesIn(rig.stateDir.gameDir(GGOO))).toEqual(["installed.json"]);
    const warnings = rig.log.filter(({ level }) => level === "warn" || level === "error");
    // Of the user's options.ini, which the new version brings: by the update that is done here.
    expect(warnings).toHaveLength(happened ? 0 : 1);
  });

  const between = placesOf(UPDATE_STEPS).filter(
    ([step, moment, happened]) =>
      moment === "after" && step !== "record-setting-aside" && step !== "mark-backup" && !happened,
  );
  it.each(between)(
    "%s, %s: a local/ that somebody makes then costs nobody anything",
    async (step, moment) => {
      await using rig = await createPlayed();
      const played = await tree(join(rig.root, "local"));
      await crash({ operation: "update", root: rig.root, stateDir: rig.stateDir.root, step, moment });
      expect(await namesIn(rig.root)).not.toContain("local");
      await writeFiles(rig.root, { "local/saves/slot1.sav": "begun anew" });
      await recover(rig);
      expect(await tree(join(rig.root, ".local.backup"))).toMatchObject(played);
      expect(await readFile(join(rig.root, "local/saves/slot1.sav"), "utf8")).toBe("begun anew");
      await rename(join(rig.root, "local"), rig.place.join("moved-away"));
      await recover(rig);
      expect(await tree(join(rig.root, "local"))).toEqual(played);
      expect(await namesIn(rig.root)).toEqual(["a.eti", "local", "version.ini"]);
      expect((await readInstalledList(rig.stateDir, GGOO))?.version).toBe("20180412");
    },
  );
});

describe.concurrent("an uninstall that is killed", () => {
  it.each(placesOf(UNINSTALL_STEPS))(
    "%s, %s: recovery ends it or undoes it",
    async (step, moment, happened) => {
      await using rig = await createDownloaded();
      const downloaded = await tree(rig.gamesDir);
      await installIn(rig);
      await writeFiles(rig.root, SAVED_GAME);
      const installed = await everything(rig);
      await crash({ operation: "uninstall", root: rig.root, stateDir: rig.stateDir.root, step, moment });
      await recover(rig);
      const recovered = await everything(rig);
      await recover(rig);
      expect(await everything(rig)).toEqual(recovered);
      if (happened) {
        expect(recovered[0]).toEqual(downloaded);
        expect(await namesIn(rig.stateDir.gameDir(GGOO))).toEqual([]);
        await installIn(rig);
        await expectInstalled(rig);
      } else {
        expect(recovered).toEqual(installed);
        await uninstallGame({ gameId: GGOO, root: rig.root, stateDir: rig.stateDir });
        expect(await tree(rig.gamesDir)).toEqual(downloaded);
      }
      expect(rig.log.filter(({ level }) => level === "warn" || level === "error")).toEqual([]);
    },
  );
});
