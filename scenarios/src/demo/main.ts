import { rmSync } from "node:fs";
import { takeEnding } from "../ending.ts";
import type { Emergency } from "./run-demo.ts";

// `npm start`: three peers on this machine, found by mDNS, two games downloaded, verified and installed.

/** After a signal the peers get this long (ms) to say goodbye before everything is ended by force. */
const CLEAN_UP_DEADLINE_MS = 15_000;

/** ECMA-48, DEC private mode 25: show the cursor. */
const SHOW_CURSOR = "\u001b[?25h";

let emergency: Emergency | undefined;

const ending = takeEnding({ deadlineMs: CLEAN_UP_DEADLINE_MS, endNow });

try {
  const [{ runDemo }, { createScreen }] = await Promise.all([import("./run-demo.ts"), import("./screen.ts")]);
  const screen = await createScreen(process.stdout, process.env);
  const code = await runDemo({
    screen,
    signal: ending.signal,
    onResources: (resources) => {
      emergency = resources;
    },
  });
  process.exitCode = ending.exitCode(code);
} catch (error) {
  process.exitCode = 1;
  const missing = error instanceof Error && "code" in error && error.code === "ERR_MODULE_NOT_FOUND";
  process.stderr.write(`the demo cannot start: ${error instanceof Error ? error.message : String(error)}\n`);
  if (missing) process.stderr.write("Run `npm start`, which builds the packages first.\n");
}

/**
 * The last resort: kills the peers by their process ids and removes their files, without waiting for anybody. Behind a failure the
 * logs stay.
 */
function endNow(code: number, failure?: Error): never {
  const directory = failure === undefined ? emergency?.directory : emergency?.games;
  if (failure !== undefined && emergency !== undefined)
    process.stderr.write(`The peers' logs are in ${emergency.logs}\n`);
  emergency?.kill();
  // Progress bars hide the cursor, and nobody is left to end them.
  if (process.stdout.isTTY) process.stdout.write(SHOW_CURSOR);
  if (directory !== undefined)
    rmSync(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  process.exit(code);
}
