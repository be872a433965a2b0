import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { removeGame } from "../../src/install/index.ts";
import type { CrashPlan } from "./crash-child.ts";
import { crash, everything, placesOf, REMOVE_STEPS, recover } from "./crashing.ts";
import { createRig, type Files, GGOO, namesIn, type Rig, tree, writeFiles } from "./support.ts";

const FOREIGN: Files = { ".softlan_game_installed": "another program's", ".sync/state": "its state" };
const FOREIGN_TREE = [".softlan_game_installed", ".sync/", ".sync/state"];

/** A downloaded game with more files than are deleted at once. */
async function createDownloaded(files: Files = {}): Promise<Rig> {
  const maps = Array.from({ length: 60 }, (_, index) => [`maps/${index}/map`, `map ${index}`] as const);
  const rig = await createRig({
    "version.ini": "2018.04.12\n",
    "ggoo.eti": "x",
    ...Object.fromEntries(maps),
  });
  await writeFiles(rig.root, files);
  // As a kill behind the end of a download leaves it.
  await writeFiles(rig.stateDir.gameDir(GGOO), { "installed.json.damaged": "set aside" });
  return rig;
}

describe.concurrent("a removal that is killed", () => {
  const places: [string, CrashPlan["moment"], boolean][] = [
    ...placesOf(REMOVE_STEPS),
    ["delete-files", "during", true],
  ];

  it.each(places)("%s, %s: recovery ends it or undoes it, once", async (step, moment, happened) => {
    await using rig = await createDownloaded();
    const before = await everything(rig);
    await crash({ operation: "remove", root: rig.root, stateDir: rig.stateDir.root, step, moment });
    if (moment === "during") expect((await namesIn(join(rig.root, "maps"))).length).toBeGreaterThan(20);
    const left = (await namesIn(rig.gamesDir)).length === 0 ? {} : await tree(rig.gamesDir);
    if ("ggoo/version.ini" in left) expect(left, "no sentinel beside half a game").toEqual(before[0]);
    await recover(rig);
    const recovered = await everything(rig);
    await recover(rig);
    expect(await everything(rig)).toEqual(recovered);
    if (!happened) {
      expect(recovered).toEqual(before);
      await removeGame({ gameId: GGOO, gamesDir: rig.gamesDir, stateDir: rig.stateDir });
    }
    expect(await namesIn(rig.gamesDir)).toEqual([]);
    expect(await namesIn(rig.stateDir.gameDir(GGOO))).toEqual(["installed.json.damaged"]);
    expect(rig.log.filter(({ level }) => level === "warn" || level === "error")).toEqual([]);
  });

  it.each(places)(
    "%s, %s: keeps the names of others, and what was put there since",
    async (step, moment, happened) => {
      await using rig = await createDownloaded(FOREIGN);
      await crash({ operation: "remove", root: rig.root, stateDir: rig.stateDir.root, step, moment });
      await writeFiles(rig.root, { "maps/mine": "the user's" });
      await recover(rig);
      if (!happened) return expect(await namesIn(rig.root)).toContain("version.ini");
      expect(Object.keys(await tree(rig.root))).toEqual([...FOREIGN_TREE, "maps/", "maps/mine"]);
    },
  );
});
