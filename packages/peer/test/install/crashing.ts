import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { seededBytes, writeRar5 } from "@lanspread/testkit";
import { expect } from "vitest";
import {
  createUnrarJsUnpacker,
  type InstallStep,
  installGame,
  type RemoveStep,
  readInstalledList,
  recoverInstalls,
  type UninstallStep,
  type UpdateStep,
} from "../../src/install/index.ts";
import type { RecoveryAction } from "../../src/install/recovery-table.ts";
import type { CrashPlan } from "./crash-child.ts";
import { MTIME } from "./installing.ts";
import { createRig, GGOO, type Rig, tree } from "./support.ts";

/** The steps in their order, and whether the operation has happened when the step is over. */
export const INSTALL_STEPS = {
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

export const UPDATE_STEPS = {
  "record-setting-aside": false,
  "mark-backup": false,
  "set-aside": false,
  "make-staging": false,
  "mark-staging": false,
  "fill-staging": false,
  "carry-over": false,
  "flush-staging": false,
  "record-promotion": false,
  "write-list": false,
  promote: true,
  "adopt-list": true,
  "delete-backup": true,
  "unmark-local": true,
  "clear-intent": true,
} satisfies Record<UpdateStep, boolean>;

export const UNINSTALL_STEPS = {
  "record-setting-aside": false,
  "set-aside": true,
  "mark-backup": true,
  "forget-list": true,
  "delete-backup": true,
  "clear-intent": true,
  "delete-root": true,
} satisfies Record<UninstallStep, boolean>;

export const REMOVE_STEPS = {
  "record-removal": false,
  "write-list": false,
  "forget-download": false,
  "set-sentinel-aside": true,
  "delete-sentinel": true,
  "delete-files": true,
  "forget-lists": true,
  "delete-root": true,
  "clear-intent": true,
} satisfies Record<RemoveStep, boolean>;

/** Every place at which a process may die, and whether the operation has happened there. */
export function placesOf(
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

export function crash(plan: CrashPlan): Promise<void> {
  return expectKilled(new URL("crash-child.ts", import.meta.url), plan);
}

/** Runs a program with a plan, by which it kills itself. */
export async function expectKilled(program: URL, plan: object): Promise<void> {
  const args = ["--conditions=source", fileURLToPath(program), JSON.stringify(plan)];
  const child = spawn(process.execPath, args, {
    stdio: ["ignore", "inherit", "inherit"],
  });
  const [code, signal] = await once(child, "exit");
  expect([code, signal], "the child reaches the step and dies there").toEqual([null, "SIGKILL"]);
}

/** Recovers, and returns what was done. */
export async function recoverAnyhow({ gamesDir, stateDir, logger }: Rig): Promise<readonly RecoveryAction[]> {
  const actions: RecoveryAction[] = [];
  await recoverInstalls({
    gamesDir,
    stateDir,
    logger,
    isBusy: () => false,
    onStep: (action, moment) => {
      if (moment === "after") actions.push(action);
    },
  });
  return actions;
}

/**
 * Everything that a recovery may do after a kill, and a place of an operation where one leads to it. The recovery itself
 * is killed at each of these actions too: what it does after any other kill must be among them.
 */
export const RECOVERIES: readonly {
  readonly operation: Exclude<CrashPlan["operation"], "recover">;
  /** The operation is killed when this step is over. */
  readonly after: string;
  readonly actions: readonly RecoveryAction[];
}[] = [
  { operation: "install", after: "record-staging", actions: ["forget-list", "clear-intent"] },
  {
    operation: "install",
    after: "write-list",
    actions: ["forget-list", "delete-staging", "clear-intent"],
  },
  { operation: "install", after: "promote", actions: ["unmark-local", "clear-intent"] },
  {
    operation: "update",
    after: "record-setting-aside",
    actions: ["drop-coming-list", "unmark-local", "clear-intent"],
  },
  {
    operation: "update",
    after: "set-aside",
    actions: ["drop-coming-list", "restore-backup", "clear-intent"],
  },
  {
    operation: "update",
    after: "write-list",
    actions: ["drop-coming-list", "restore-backup", "delete-staging", "clear-intent"],
  },
  {
    operation: "update",
    after: "promote",
    actions: ["adopt-list", "delete-backup", "unmark-local", "clear-intent"],
  },
  {
    operation: "update",
    after: "delete-backup",
    actions: ["adopt-list", "unmark-local", "clear-intent"],
  },
  { operation: "uninstall", after: "record-setting-aside", actions: ["clear-intent"] },
  { operation: "uninstall", after: "mark-backup", actions: ["forget-list", "delete-backup", "clear-intent"] },
  { operation: "remove", after: "forget-download", actions: ["forget-removal", "clear-intent"] },
  {
    operation: "remove",
    after: "set-sentinel-aside",
    actions: ["delete-listed", "forget-list", "forget-removal", "delete-root", "clear-intent"],
  },
];

const KNOWN_ACTIONS = new Set(["", ...RECOVERIES.map(({ actions }) => actions.join(" "))]);

/** Recovers after the kill of an operation. */
export async function recover(rig: Rig): Promise<void> {
  const actions = await recoverAnyhow(rig);
  const acted = actions.filter((action) => !action.startsWith("report-")).join(" ");
  expect([...KNOWN_ACTIONS], "a recovery that is never killed itself").toContain(acted);
}

/** Games and state: all that there is. */
export async function everything({ gamesDir, stateDir }: Rig): Promise<Record<string, string>[]> {
  return [await tree(gamesDir), await tree(stateDir.root)];
}

export const SAVED_GAME = { "local/saves/slot1.sav": "a hundred hours" };

export async function createDownloaded(): Promise<Rig> {
  const rig = await createRig();
  await writeRar5(join(rig.root, "ggoo.eti"), [
    { name: "data/level.bin", content: seededBytes(1, 1_000_000), mtime: MTIME },
    { type: "directory", name: "empty" },
    { name: "game.exe", content: "the game", mtime: MTIME },
  ]);
  return rig;
}

const INSTALLED = ["data", "data/level.bin", "empty", "game.exe"];

export async function installIn(rig: Rig): Promise<void> {
  const { root, stateDir } = rig;
  await installGame({ gameId: GGOO, root, stateDir, unpacker: createUnrarJsUnpacker() });
}

export async function expectInstalled(rig: Rig): Promise<void> {
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
