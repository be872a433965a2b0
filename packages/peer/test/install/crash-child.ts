/**
 * Runs one operation, or a recovery, and kills itself, without any chance to clean up, at the place that it is told:
 * before or after a step, in the middle of filling staging or of deleting files, or when something has gone from a directory.
 */
import { readdirSync } from "node:fs";
import { dirname } from "node:path";
import { asGameId } from "@lanspread/proto";
import {
  createUnrarJsUnpacker,
  type InstallProgress,
  installGame,
  recoverInstalls,
  removeGame,
  uninstallGame,
  updateGame,
} from "../../src/install/index.ts";
import { openStateDir } from "../../src/storage/index.ts";

export interface CrashPlan {
  readonly operation: "install" | "update" | "uninstall" | "remove" | "recover";
  readonly root: string;
  readonly stateDir: string;
  readonly step: string;
  readonly moment: "before" | "after" | "during";
  /** The place is where less is in this directory than at the start. */
  readonly shrinking?: string;
}

const plan = JSON.parse(process.argv[2] ?? "") as CrashPlan;
const die = (): void => {
  process.kill(process.pid, "SIGKILL");
  // The signal has arrived when the call returns, or a moment later.
  for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
};
const onStep = (step: string, moment: string): void => {
  if (step === plan.step && moment === plan.moment) die();
};
const { shrinking } = plan;
if (shrinking !== undefined) {
  const all = readdirSync(shrinking).length;
  const look = (): unknown => (readdirSync(shrinking).length === all ? setImmediate(look) : die());
  look();
}
const gameId = asGameId("ggoo");
const { root } = plan;
const gamesDir = dirname(root);
const stateDir = await openStateDir(plan.stateDir);
switch (plan.operation) {
  case "install":
  case "update":
    await (plan.operation === "install" ? installGame : updateGame)({
      gameId,
      root,
      stateDir,
      unpacker: createUnrarJsUnpacker(),
      onStep,
      onProgress: ({ doneBytes }: InstallProgress) => {
        if (plan.moment === "during" && doneBytes > 0) die();
      },
    });
    break;
  case "uninstall":
    await uninstallGame({ gameId, root, stateDir, onStep });
    break;
  case "remove":
    await removeGame({
      gameId,
      gamesDir,
      stateDir,
      onStep,
      onProgress: ({ doneFiles }) => {
        if (plan.moment === "during" && doneFiles > 0) die();
      },
    });
    break;
  case "recover":
    await recoverInstalls({ gamesDir, stateDir, isBusy: () => false, onStep });
}
