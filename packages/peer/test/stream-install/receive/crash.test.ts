import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { readInstalledList, recoverInstalls } from "../../../src/install/index.ts";
import { type StreamInstallStep, streamInstallGame } from "../../../src/stream-install/receive/index.ts";
import { createRig, GGOO, namesIn, type Rig, tree } from "../../install/support.ts";
import type { CrashPlan } from "./crash-child.ts";
import { FRAMES, LEVEL, MANIFEST } from "./game.ts";
import { memorySource } from "./memory-source.ts";
import { encodeFrames } from "./support.ts";

/** The steps in their order, and whether the game is installed when the step is over. */
const STEPS = {
  "record-staging": false,
  "make-root": false,
  "make-staging": false,
  "mark-staging": false,
  "fill-staging": false,
  "flush-staging": false,
  "record-promotion": false,
  "write-list": false,
  promote: true,
  "unmark-local": true,
  "clear-intent": true,
} satisfies Record<StreamInstallStep, boolean>;

let installed = false;
const PLACES = Object.entries(STEPS).flatMap(([step, afterwards]) => {
  const before = installed;
  installed = afterwards;
  return [
    [step, "before", before],
    [step, "after", afterwards],
  ] as [string, CrashPlan["moment"], boolean][];
});
PLACES.push(["fill-staging", "during", false]);

async function crash(plan: CrashPlan): Promise<void> {
  const script = fileURLToPath(new URL("crash-child.ts", import.meta.url));
  const child = spawn(process.execPath, ["--conditions=source", script, JSON.stringify(plan)], {
    stdio: ["ignore", "inherit", "inherit"],
  });
  const [code, signal] = await once(child, "exit");
  expect([code, signal], "the child reaches the step and dies there").toEqual([null, "SIGKILL"]);
}

async function recover({ gamesDir, stateDir, logger }: Rig): Promise<void> {
  await recoverInstalls({ gamesDir, stateDir, logger, isBusy: () => false });
}

async function expectInstalled(rig: Rig): Promise<void> {
  expect(await namesIn(rig.root)).toEqual(["local"]);
  const local = await tree(join(rig.root, "local"));
  expect(Object.keys(local)).toEqual(["data/", "data/empty.txt", "data/level.bin", "game.exe", "saves/"]);
  expect((await readFile(join(rig.root, "local/data/level.bin"))).equals(LEVEL)).toBe(true);
  expect((await readInstalledList(rig.stateDir, GGOO))?.files).toHaveLength(3);
  expect(await namesIn(rig.stateDir.gameDir(GGOO))).toEqual(["installed.json"]);
}

describe.concurrent("a streamed install whose receiver is killed", () => {
  it.each(PLACES)(
    "%s, %s: is installed or not, and nothing of it is left",
    async (step, moment, happened) => {
      await using rig = await createRig({});
      await rm(rig.root, { recursive: true });
      await crash({ root: rig.root, stateDir: rig.stateDir.root, step, moment });
      await recover(rig);
      const recovered = [await tree(rig.gamesDir), await tree(rig.stateDir.root)];
      await recover(rig);
      expect([await tree(rig.gamesDir), await tree(rig.stateDir.root)]).toEqual(recovered);
      if (!happened) {
        expect(await namesIn(rig.gamesDir)).toEqual([]);
        const state = await tree(rig.stateDir.gamesDir);
        expect(Object.keys(state).filter((path) => !path.endsWith("/"))).toEqual([]);
        const { stateDir, root } = rig;
        const sources = [memorySource(encodeFrames(FRAMES))];
        await streamInstallGame({ gameId: GGOO, root, stateDir, manifest: MANIFEST, digests: null, sources });
      }
      await expectInstalled(rig);
      expect(rig.log.filter(({ level }) => level === "warn" || level === "error")).toEqual([]);
    },
  );

  it.each(["make-staging", "fill-staging", "write-list"])(
    "at %s, leaves a root that was there",
    async (step) => {
      await using rig = await createRig({});
      await crash({ root: rig.root, stateDir: rig.stateDir.root, step, moment: "after" });
      await recover(rig);
      expect(await tree(rig.gamesDir)).toEqual({ "ggoo/": "directory" });
    },
  );

  it("leaves what the user has put into the root meanwhile", async () => {
    await using rig = await createRig({});
    await rm(rig.root, { recursive: true });
    await crash({ root: rig.root, stateDir: rig.stateDir.root, step: "fill-staging", moment: "during" });
    await mkdir(join(rig.root, "mine"));
    await recover(rig);
    expect(Object.keys(await tree(rig.gamesDir))).toEqual(["ggoo/", "ggoo/mine/"]);
  });
});
