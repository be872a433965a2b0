import { rmSync } from "node:fs";
import { constants } from "node:os";
import type { Emergency } from "./run-demo.ts";

// `npm start`: three peers on this machine, found by mDNS, two games downloaded, verified and installed.

/** After a signal the peers get this long (ms) to say goodbye before everything is ended by force. */
const CLEAN_UP_DEADLINE_MS = 15_000;

/** ECMA-48, DEC private mode 25: show the cursor. */
const SHOW_CURSOR = "\u001b[?25h";

let emergency: Emergency | undefined;
let endedBy: NodeJS.Signals | undefined;
const controller = new AbortController();

for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(name, () => {
    if (endedBy !== undefined) endNow(exitCodeOf(endedBy));
    endedBy = name;
    controller.abort(new Error(`ended by ${name}`));
    setTimeout(() => endNow(exitCodeOf(name)), CLEAN_UP_DEADLINE_MS).unref();
  });
}
// A closed terminal takes the output away, not the duty to clean up.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
process.on("uncaughtException", (error) => {
  process.stderr.write(`${error.stack ?? error.message}\n`);
  if (emergency !== undefined) process.stderr.write(`The peers' logs are in ${emergency.logs}\n`);
  endNow(1, emergency?.games);
});

try {
  const [{ runDemo }, { createScreen }] = await Promise.all([import("./run-demo.ts"), import("./screen.ts")]);
  const screen = await createScreen(process.stdout, process.env);
  const code = await runDemo({
    screen,
    signal: controller.signal,
    onResources: (resources) => {
      emergency = resources;
    },
  });
  process.exitCode = endedBy === undefined ? code : exitCodeOf(endedBy);
} catch (error) {
  process.exitCode = 1;
  const missing = error instanceof Error && "code" in error && error.code === "ERR_MODULE_NOT_FOUND";
  process.stderr.write(`the demo cannot start: ${error instanceof Error ? error.message : String(error)}\n`);
  if (missing) process.stderr.write("Run `npm start`, which builds the packages first.\n");
}

/** The last resort: kills the peers by their process ids and removes their files, without waiting for anybody. */
function endNow(code: number, directory = emergency?.directory): never {
  emergency?.kill();
  // Progress bars hide the cursor, and nobody is left to end them.
  if (process.stdout.isTTY) process.stdout.write(SHOW_CURSOR);
  if (directory !== undefined)
    rmSync(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  process.exit(code);
}

/** The code that a shell gives to a process that a signal ended. */
function exitCodeOf(signal: NodeJS.Signals): number {
  return 128 + constants.signals[signal];
}
