import { createServer, type Server } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach } from "vitest";

/** A name that is no file (unix(7), "abstract"): the system takes it back from a process that has ended, however that was. */
const TURN = "\0lanspread-test-of-runners";

/** Until it is a test's turn, ms: behind all the others, on a busy machine. */
const TURN_DEADLINE_MS = 900_000;

/** Pause between two looks whether it is one's turn, ms. */
const LOOK_MS = 50;

/**
 * Has the tests that are defined here wait for those of other files that do so: every runner ends and removes whatever a killed one
 * has left on this machine, also what another test has just laid out for its own. Where there are no such names (outside of Linux)
 * nothing is found that way, and nobody waits.
 */
export function oneAtATime(): void {
  let turn: Server | undefined;
  beforeEach(async () => {
    while (process.platform === "linux" && turn === undefined) {
      turn = await take();
      if (turn === undefined) await delay(LOOK_MS);
    }
  }, TURN_DEADLINE_MS);
  afterEach(() => {
    turn?.close();
    turn = undefined;
  });
}

/** Undefined where somebody else has it. */
function take(): Promise<Server | undefined> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE") resolve(undefined);
      else reject(error);
    });
    server.listen(TURN, () => resolve(server));
  });
}
