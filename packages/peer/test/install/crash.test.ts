import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { seededBytes, writeRar5 } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import {
  createUnrarJsUnpacker,
  type InstallStep,
  installGame,
  readInstalledList,
  recoverInstalls,
  type UninstallStep,
  uninstallGame,
} from "../../src/install/index.ts";
import type { CrashPlan } from "./crash-child.ts";
import { createRig, GGOO, namesIn, type Rig, tree, writeFiles } from "./support.ts";

/** The steps in their order, and whether the operation has happened when the step is over. */
const INSTALL_STEPS = {
  "record-staging": false,
  "make-staging": false,
  "mark-staging": false,
  "fill-staging": false,
  "flush-staging": false,
  "record-promotion": false,
  "write-list": false,
  promote: true,
  "unmark-local": true,
  "clear-intent": true,
} satisfies Record<InstallStep, boolean>;

const UNINSTALL_STEPS = {
  "record-setting-aside": false,
  "set-aside": true,
  "mark-backup": true,
  "forget-list": true,
  "delete-backup": true,
  "clear-intent": true,
} satisfies Record<UninstallStep, boolean>;

/** Every place at which a process may die, and whether the operation has happened there. */
function placesOf(
  steps: Record<string, boolean>,
): [step: string, moment: "before" | "after", happened: boolean][] {
  let happened = false;
  return Object.entries(steps).flatMap(([step, afterwards]) => {
    const before = happened;
    happened = afterwards;
    return [
      [step, "before", before],
      [step, "after", afterwards],
    ] as [string, "before" | "after", boolean][];
  });
}

async function crash(plan: CrashPlan): Promise<void> {
  const child = spawn(
    process.execPath,
    ["--conditions=source", fileURLToPath(new URL("crash-child.ts", import.meta.url)), JSON.stringify(plan)],
    { stdio: ["ignore", "inherit", "inherit"] },
  );
  const [code, signal] = await once(child, "exit");
  expect([code, signal], "the child reaches the step and dies there").toEqual([null, "SIGKILL"]);
}

async function recover({ gamesDir, stateDir, logger }: Rig): Promise<void> {
  await recoverInstalls({ gamesDir, stateDir, logger, isBusy: () => false });
}

/** Games and state: all that there is. */
async function everything({ gamesDir, stateDir }: Rig): Promise<Record<string, string>[]> {
  return [await tree(gamesDir), await tree(stateDir.root)];
}

const SAVED_GAME = { "local/saves/slot1.sav": "a hundred hours" };

async function createDownloaded(): Promise<Rig> {
  const rig = await createRig();
  await writeRar5(join(rig.root, "ggoo.eti"), [
    { name: "data/level.bin", content: seededBytes(1, 1_000_000) },
    { type: "directory", name: "empty" },
    { name: "game.exe", content: "the game" },
  ]);
  return rig;
}

const INSTALLED = ["data", "data/level.bin", "empty", "game.exe"];

async function installIn(rig: Rig): Promise<void> {
  const { root, stateDir } = rig;
  await installGame({ gameId: GGOO, root, stateDir, unpacker: createUnrarJsUnpacker() });
}

async function expectInstalled(rig: Rig): Promise<void> {
  const local = await tree(join(rig.root, "local"));
  expect(Object.keys(local).map((name) => name.replace(/\/$/u, ""))).toEqual(INSTALLED);
  expect((await readFile(join(rig.root, "local/data/level.bin"))).equals(seededBytes(1, 1_000_000))).toBe(
    true,
  );
  expect((await readInstalledList(rig.stateDir, GGOO))?.files.map(({ path }) => path)).toEqual([
    "data/level.bin",
    "game.exe",
  ]);
}

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
