/**
 * Receives a game and kills itself, without any chance to clean up, at the place that it is told: before or after a step,
 * or when so many bytes have come.
 */
import { asGameId } from "@lanspread/proto";
import { openStateDir } from "../../../src/storage/index.ts";
import { streamInstallGame } from "../../../src/stream-install/receive/index.ts";
import { FRAMES, MANIFEST } from "./game.ts";
import { memorySource } from "./memory-source.ts";
import { encodeFrames } from "./support.ts";

export interface CrashPlan {
  readonly root: string;
  readonly stateDir: string;
  readonly step: string;
  readonly moment: "before" | "after" | "during";
}

const BYTES_BEFORE_DEATH = 1_000_000;
const plan = JSON.parse(process.argv[2] ?? "") as CrashPlan;
const die = (): void => {
  process.kill(process.pid, "SIGKILL");
  // The signal has arrived when the call returns, or a moment later.
  for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
};
await streamInstallGame({
  gameId: asGameId("ggoo"),
  root: plan.root,
  stateDir: await openStateDir(plan.stateDir),
  manifest: MANIFEST,
  digests: null,
  sources: [memorySource(encodeFrames(FRAMES))],
  onStep: (step, moment) => {
    if (step === plan.step && moment === plan.moment) die();
  },
  onProgress: ({ doneBytes }) => {
    if (plan.moment === "during" && doneBytes > BYTES_BEFORE_DEATH) die();
  },
});
