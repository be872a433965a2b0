import { execFile } from "node:child_process";
import { cp, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { smallDiskUnavailable } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import { recoverInstalls, type UpdateStep } from "../../src/install/index.ts";
import { uninstall } from "./installing.ts";
import { GGOO, namesIn, tree } from "./support.ts";
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
    // What a kill leaves behind is what there is at that step.
    const crashed = rig.place.join("crashed");
    const copy = (from: string, to: string) => cp(from, join(crashed, to), { recursive: true });
    const onStep = when("fill-staging", "after", async () => {
      await copy(rig.root, "root");
      await copy(rig.stateDir.gameDir(GGOO), "state");
      throw new Error("out of order");
    });
    await expect(update(rig, { onStep })).rejects.toThrow();
    await rm(rig.root, { recursive: true });
    await rename(join(crashed, "root"), rig.root);
    await rm(rig.stateDir.gameDir(GGOO), { recursive: true });
    await rename(join(crashed, "state"), rig.stateDir.gameDir(GGOO));

    await rename(join(rig.root, ".local.installing"), join(rig.root, "local"));
    const recover = () => recoverInstalls({ ...rig, isBusy: () => false });
    await recover();
    expect(await readFile(join(rig.root, ".local.backup/saves/slot1.sav"), "utf8")).toBe(SAVED);
    await rm(join(rig.root, "local"), { recursive: true });
    await recover();
    expect(await tree(join(rig.root, "local"))).toEqual(old);
    expect(await namesIn(rig.root)).toEqual(["a.eti", "local", "version.ini"]);
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
