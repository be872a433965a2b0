import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { installGame, removeGame, uninstallGame } from "../../src/install/index.ts";
import type { RecoveryAction } from "../../src/install/recovery-table.ts";
import type { CrashPlan } from "./crash-child.ts";
import {
  crash,
  createDownloaded,
  everything,
  INSTALL_STEPS,
  installIn,
  RECOVERIES,
  REMOVE_STEPS,
  recover,
  recoverAnyhow,
  SAVED_GAME,
  UNINSTALL_STEPS,
  UPDATE_STEPS,
} from "./crashing.ts";
import { unpacker } from "./installing.ts";
import { createRig, GGOO, namesIn, type Rig, writeFiles } from "./support.ts";
import { createPlayed, update } from "./updating.ts";

type Operation = Exclude<CrashPlan["operation"], "recover">;
type OnStep = (step: string, moment: string) => Promise<void>;

const OPERATIONS: Readonly<
  Record<
    Operation,
    {
      readonly steps: Record<string, boolean>;
      readonly create: () => Promise<Rig>;
      readonly run: (rig: Rig, onStep: OnStep) => Promise<unknown>;
    }
  >
> = {
  install: {
    steps: INSTALL_STEPS,
    create: createDownloaded,
    run: ({ root, stateDir }, onStep) => installGame({ gameId: GGOO, root, stateDir, unpacker, onStep }),
  },
  update: { steps: UPDATE_STEPS, create: createPlayed, run: (rig, onStep) => update(rig, { onStep }) },
  uninstall: {
    steps: UNINSTALL_STEPS,
    create: async () => {
      const rig = await createDownloaded();
      await installIn(rig);
      await writeFiles(rig.root, SAVED_GAME);
      return rig;
    },
    run: ({ root, stateDir }, onStep) => uninstallGame({ gameId: GGOO, root, stateDir, onStep }),
  },
  remove: {
    steps: REMOVE_STEPS,
    create: createDownloaded,
    run: ({ gamesDir, stateDir }, onStep) => removeGame({ gameId: GGOO, gamesDir, stateDir, onStep }),
  },
};

describe.concurrent("the lists of steps", () => {
  it.each(Object.entries(OPERATIONS))(
    "of %s: each is gone through, in this order, no other",
    async (_, of) => {
      await using rig = await of.create();
      const seen: string[] = [];
      await of.run(rig, async (step, moment) => {
        if (moment === "after") seen.push(step);
      });
      expect(seen).toEqual(Object.keys(of.steps));
    },
  );
});

/** A rig on which an operation stands still for ever: it leaves on disk what one leaves that is killed there. */
async function interrupted(operation: Operation, after: string): Promise<Rig> {
  const rig = await OPERATIONS[operation].create();
  const reached = Promise.withResolvers<void>();
  const never = new Promise<void>(() => {});
  void OPERATIONS[operation].run(rig, async (step, moment) => {
    if (step !== after || moment !== "after") return;
    reached.resolve();
    await never;
  });
  await reached.promise;
  return rig;
}

/** What a recovery comes to that nobody kills. */
async function uninterrupted(operation: Operation, after: string): Promise<unknown> {
  await using rig = await interrupted(operation, after);
  await recover(rig);
  return await everything(rig);
}

describe.concurrent("a recovery that is killed", () => {
  const outcomes = new Map<unknown, Promise<unknown>>();
  const places = RECOVERIES.flatMap((recovery) =>
    recovery.actions.map((action): [Operation, string, RecoveryAction, (typeof RECOVERIES)[number]] => [
      recovery.operation,
      recovery.after,
      action,
      recovery,
    ]),
  );

  // Before the next action is the same place.
  it.each(places)("of %s after %s, when it has done %s", async (operation, after, action, recovery) => {
    const outcome = outcomes.get(recovery) ?? uninterrupted(operation, after);
    outcomes.set(recovery, outcome);
    await using rig = await interrupted(operation, after);
    const { root, stateDir, log } = rig;
    log.length = 0;
    await crash({ operation: "recover", root, stateDir: stateDir.root, step: action, moment: "after" });
    await recoverAnyhow(rig);
    const recovered = await everything(rig);
    expect(recovered).toEqual(await outcome);
    expect(await recoverAnyhow(rig)).toEqual([]);
    expect(await everything(rig)).toEqual(recovered);
    expect(log.filter(({ level }) => level === "warn" || level === "error")).toEqual([]);
  });
});

it("a recovery that is killed in the middle of deleting a removed game's files goes on the next time", async () => {
  const FILES = 5_000;
  const files = Array.from({ length: FILES }, (_, index) => [`maps/${index}`, ""] as const);
  await using rig = await createRig({ "version.ini": "1", ...Object.fromEntries(files) });
  const stop = new AbortController();
  const { root, gamesDir, stateDir } = rig;
  const onStep: OnStep = async (step) => {
    if (step === "delete-sentinel") stop.abort();
  };
  await removeGame({ gameId: GGOO, gamesDir, stateDir, signal: stop.signal, onStep });
  expect(await namesIn(join(root, "maps"))).toHaveLength(FILES);
  await crash({
    operation: "recover",
    root,
    stateDir: stateDir.root,
    step: "none",
    moment: "after",
    shrinking: join(root, "maps"),
  });
  const left = (await namesIn(join(root, "maps"))).length;
  expect(left).toBeGreaterThan(0);
  expect(left).toBeLessThan(FILES);
  await recoverAnyhow(rig);
  expect(await namesIn(gamesDir)).toEqual([]);
  expect(await namesIn(stateDir.gameDir(GGOO))).toEqual([]);
});
