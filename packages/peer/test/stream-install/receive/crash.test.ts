import { mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readInstalledList } from "../../../src/install/index.ts";
import type { RecoveryAction } from "../../../src/install/recovery-table.ts";
import { type StreamInstallStep, streamInstallGame } from "../../../src/stream-install/receive/index.ts";
import {
  crash as crashInstall,
  everything,
  expectKilled,
  placesOf,
  recoverAnyhow,
} from "../../install/crashing.ts";
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

const PLACES: [step: string, moment: CrashPlan["moment"], happened: boolean][] = [
  ...placesOf(STEPS),
  ["fill-staging", "during", false],
];

/** Everything that a recovery does after a kill, and a step of a streamed install behind which it does that. */
const RECOVERIES: readonly {
  readonly after: StreamInstallStep;
  readonly actions: readonly RecoveryAction[];
}[] = [
  { after: "make-root", actions: ["forget-list", "delete-root", "clear-intent"] },
  { after: "write-list", actions: ["forget-list", "delete-staging", "delete-root", "clear-intent"] },
  { after: "promote", actions: ["unmark-local", "clear-intent"] },
];
/** Before there is a root, and when the intent is gone, there is nothing to be done. */
const KNOWN_ACTIONS = ["", ...RECOVERIES.map(({ actions }) => actions.join(" "))];

function crash(plan: CrashPlan): Promise<void> {
  return expectKilled(new URL("crash-child.ts", import.meta.url), plan);
}

async function recover(rig: Rig): Promise<void> {
  const actions = await recoverAnyhow(rig);
  expect(KNOWN_ACTIONS, "a recovery that is never killed itself").toContain(actions.join(" "));
}

/** A rig without the game's root. */
async function createEmpty(): Promise<Rig> {
  const rig = await createRig({});
  await rm(rig.root, { recursive: true });
  return rig;
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
      await using rig = await createEmpty();
      await crash({ root: rig.root, stateDir: rig.stateDir.root, step, moment });
      await recover(rig);
      const recovered = await everything(rig);
      await recover(rig);
      expect(await everything(rig)).toEqual(recovered);
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
      await recoverAnyhow(rig);
      expect(await tree(rig.gamesDir)).toEqual({ "ggoo/": "directory" });
    },
  );

  it("leaves what the user has put into the root meanwhile", async () => {
    await using rig = await createEmpty();
    await crash({ root: rig.root, stateDir: rig.stateDir.root, step: "fill-staging", moment: "during" });
    await mkdir(join(rig.root, "mine"));
    await recover(rig);
    expect(Object.keys(await tree(rig.gamesDir))).toEqual(["ggoo/", "ggoo/mine/"]);
  });
});

describe.concurrent("the recovery of a streamed install that is killed too", () => {
  const places = RECOVERIES.flatMap(({ after, actions }) =>
    actions.map((action): [StreamInstallStep, RecoveryAction] => [after, action]),
  );

  /** What it comes to where nobody kills it. */
  const outcomes = new Map<StreamInstallStep, Promise<unknown>>();
  async function uninterrupted(step: StreamInstallStep): Promise<unknown> {
    await using rig = await createEmpty();
    await crash({ root: rig.root, stateDir: rig.stateDir.root, step, moment: "after" });
    await recover(rig);
    return await everything(rig);
  }

  // Before the next action is the same place.
  it.each(places)("after %s, when it has done %s: goes on the next time", async (after, action) => {
    const outcome = outcomes.get(after) ?? uninterrupted(after);
    outcomes.set(after, outcome);
    await using rig = await createEmpty();
    const { root, stateDir, log } = rig;
    await crash({ root, stateDir: stateDir.root, step: after, moment: "after" });
    await crashInstall({
      operation: "recover",
      root,
      stateDir: stateDir.root,
      step: action,
      moment: "after",
    });
    await recoverAnyhow(rig);
    const recovered = await everything(rig);
    expect(recovered).toEqual(await outcome);
    expect(await recoverAnyhow(rig)).toEqual([]);
    expect(await everything(rig)).toEqual(recovered);
    expect(log.filter(({ level }) => level === "warn" || level === "error")).toEqual([]);
  });
});
