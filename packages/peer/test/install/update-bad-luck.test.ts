import { execFile } from "node:child_process";
import { cp, mkdir, readFile, rename, rm, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { smallDiskUnavailable } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import { recoverInstalls, type UpdateStep } from "../../src/install/index.ts";
import { UPDATE_STEPS } from "./crashing.ts";
import { MTIME, uninstall } from "./installing.ts";
import { GGOO, namesIn, type Rig, tree } from "./support.ts";
import { createPlayed, update } from "./updating.ts";

const run = promisify(execFile);
const noMount = smallDiskUnavailable();
const SAVED = "a hundred hours";

/** Does something between two steps of an update. */
function when(at: UpdateStep, moment: string, work: () => Promise<void>) {
  return async (step: UpdateStep, now: string): Promise<void> => {
    if (step === at && now === moment) await work();
  };
}

/** Leaves what a kill at the end of a step leaves. */
async function crashIn(rig: Rig, step: UpdateStep): Promise<void> {
  const crashed = rig.place.join("crashed");
  const places = [rig.root, rig.stateDir.gameDir(GGOO)] as const;
  const onStep = when(step, "after", async () => {
    for (const [index, path] of places.entries()) {
      await cp(path, join(crashed, `${index}`), { recursive: true, preserveTimestamps: true });
    }
  });
  await update(rig, { onStep });
  for (const [index, path] of places.entries()) {
    await rm(path, { recursive: true });
    await rename(join(crashed, `${index}`), path);
  }
}

describe.concurrent("an update keeps the user's files", () => {
  it.each([
    ["file", "saves/slot1.sav"],
    ["empty directory", "screenshots"],
  ])("where somebody takes a carried %s out of what is to be installed", async (_, path) => {
    await using rig = await createPlayed();
    await mkdir(join(rig.root, "local", "screenshots"));
    const old = await tree(join(rig.root, "local"));
    const onStep = when("flush-staging", "after", () =>
      rm(join(rig.root, ".local.installing", path), { recursive: true }),
    );
    await expect(update(rig, { onStep })).rejects.toMatchObject({
      code: "no-such-file",
      message: expect.stringContaining(path),
      hint: expect.any(String),
    });
    expect(await tree(join(rig.root, "local"))).toEqual(old);
    expect(await update(rig)).toMatchObject({ carried: 2 });
  });

  it("where the user renames what was half made to local after a crash, to rescue the game", async () => {
    await using rig = await createPlayed();
    const old = await tree(join(rig.root, "local"));
    await crashIn(rig, "fill-staging");
    await rename(join(rig.root, ".local.installing"), join(rig.root, "local"));
    const recover = () => recoverInstalls({ ...rig, isBusy: () => false });
    await recover();
    expect(await readFile(join(rig.root, ".local.backup/saves/slot1.sav"), "utf8")).toBe(SAVED);
    await rm(join(rig.root, "local"), { recursive: true });
    await recover();
    expect(await tree(join(rig.root, "local"))).toEqual(old);
    expect(await namesIn(rig.root)).toEqual(["a.eti", "local", "version.ini"]);
  });

  it.each(Object.entries(UPDATE_STEPS))(
    "where it is killed behind %s, and the games directory moved before the next start",
    async (step, happened) => {
      await using rig = await createPlayed();
      const old = await tree(join(rig.root, "local"));
      await crashIn(rig, step as UpdateStep);
      const gamesDir = rig.place.join("moved");
      await rename(rig.gamesDir, gamesDir);
      const root = join(gamesDir, GGOO);
      for (const _ of ["once", "twice"]) await recoverInstalls({ ...rig, gamesDir, isBusy: () => false });
      const local = await tree(join(root, "local"));
      // Nothing tells any more that this directory was about to be set aside; the next update does not mind.
      delete local[".lanspread_owned"];
      if (happened) expect(await readFile(join(root, "local/game.exe"), "utf8")).toBe("the new game");
      else expect(local).toEqual(old);
      expect(await readFile(join(root, "local/saves/slot1.sav"), "utf8")).toBe(SAVED);
      expect(await namesIn(root)).toEqual(["a.eti", "local", "version.ini"]);
      if (step !== "mark-backup")
        expect(await namesIn(join(root, "local"))).not.toContain(".lanspread_owned");
      expect(await update({ ...rig, gamesDir, root })).toMatchObject({ files: 4 });
      expect(await namesIn(join(root, "local"))).not.toContain(".lanspread_owned");
    },
  );

  it("where a backup has the mark of the promotion that it was made by", async () => {
    await using rig = await createPlayed();
    const old = await tree(join(rig.root, "local"));
    await writeFile(join(rig.root, "local", ".lanspread_owned"), "installing\n");
    await rename(join(rig.root, "local"), join(rig.root, ".local.backup"));
    await recoverInstalls({ ...rig, isBusy: () => false });
    expect(await tree(join(rig.root, "local"))).toEqual(old);
  });

  it("where a game saves meanwhile and sets the time back", async () => {
    await using rig = await createPlayed();
    const saved = join(rig.root, "local", "saves/slot1.sav");
    await utimes(saved, MTIME, MTIME);
    const onStep = when("flush-staging", "after", async () => {
      const path = join(rig.root, ".local.backup", "saves/slot1.sav");
      await rm(path);
      await writeFile(path, "a hundred hours and one");
      await utimes(path, MTIME, MTIME);
    });
    await expect(update(rig, { onStep })).rejects.toMatchObject({ code: "verification" });
    expect(await readFile(saved, "utf8")).toBe("a hundred hours and one");
  });

  it("where they tidy up meanwhile: what they have deleted does not come back", async () => {
    await using rig = await createPlayed();
    const onStep = when("flush-staging", "after", () =>
      rm(join(rig.root, ".local.backup", "saves/slot1.sav")),
    );
    await expect(update(rig, { onStep })).rejects.toMatchObject({
      code: "verification",
      message: expect.stringContaining("saves/slot1.sav"),
    });
    expect(await namesIn(join(rig.root, "local", "saves"))).toEqual([]);
  });

  it("where a file of theirs deep down has the marker's name", async () => {
    await using rig = await createPlayed({ users: { "mods/.lanspread_owned": "mine" } });
    expect(await update(rig)).toMatchObject({ carried: 1 });
    expect(await readFile(join(rig.root, "local/mods/.lanspread_owned"), "utf8")).toBe("mine");
  });

  it("where two of their folders become one, and a file meets a folder there", async () => {
    await using rig = await createPlayed({
      users: { "b/x": "a file", "B/x/y": "in a folder", "B/z": "a file", "b/z/y": "in a folder" },
      new: [{ name: "B/new", content: "new" }],
    });
    expect(await update(rig)).toMatchObject({ carried: 4 });
    for (const [path, content] of Object.entries({
      "b/x": "a file",
      "B/x/y": "in a folder",
      "B/z": "a file",
      "b/z/y": "in a folder",
    })) {
      expect(await readFile(join(rig.root, "local", path), "utf8")).toBe(content);
    }
  });

  it("where a directory of theirs has the marker's name", async () => {
    await using rig = await createPlayed();
    const theirs = join(rig.root, "local", ".lanspread_owned", "mine");
    await mkdir(join(rig.root, "local", ".lanspread_owned"));
    await writeFile(theirs, "mine");
    const old = await tree(rig.root);
    await expect(update(rig)).rejects.toThrow();
    expect(await tree(rig.root)).toEqual(old);
    expect(await namesIn(rig.stateDir.gameDir(GGOO))).toEqual(["installed.json"]);
    await uninstall(rig);
    expect(await namesIn(rig.root)).toEqual(["a.eti", "version.ini"]);
  });
});

it.skipIf(noMount !== undefined)(
  `an update that fails brings the old install back when nothing can be written to the state directory any more${noMount === undefined ? "" : ` (skipped: ${noMount})`}`,
  async () => {
    await using rig = await createPlayed();
    const old = await tree(join(rig.root, "local"));
    const state = rig.stateDir.gameDir(GGOO);
    let mounted = false;
    try {
      const onStep = when("write-list", "after", async () => {
        await run("mount", ["--bind", state, state]);
        mounted = true;
        await run("mount", ["-o", "remount,bind,ro", state]);
        throw new Error("out of order");
      });
      const error: unknown = await update(rig, { onStep }).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ message: expect.not.stringContaining(".local.backup") });
      expect(await tree(join(rig.root, "local"))).toEqual(old);
    } finally {
      if (mounted) await run("umount", [state]);
    }
    expect(await update(rig)).toMatchObject({ carried: 2 });
  },
);
