import { constants } from "node:os";

export interface EndingOptions {
  /** After a signal everything gets this long (ms) to end by itself before {@link endNow} is called. */
  readonly deadlineMs: number;
  /**
   * The last resort: kills and removes without waiting for anybody. Called at the second signal, behind the deadline, and for a
   * failure that nobody caught, which it is given.
   */
  readonly endNow: (code: number, failure?: Error) => never;
}

/** How a program that has to clean up behind itself is told to end. */
export interface Ending {
  /** Aborted by the first of SIGINT, SIGTERM and SIGHUP. */
  readonly signal: AbortSignal;
  /** What to exit with: `code`, or where a signal ended the program, the code that a shell gives to it. */
  exitCode(code: number): number;
}

/** Takes over what ends this process from outside. Once per process: it is never given back. */
export function takeEnding({ deadlineMs, endNow }: EndingOptions): Ending {
  const controller = new AbortController();
  let endedBy: NodeJS.Signals | undefined;
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(name, () => {
      if (endedBy !== undefined) endNow(exitCodeOf(endedBy));
      endedBy = name;
      controller.abort(new Error(`ended by ${name}`));
      setTimeout(() => endNow(exitCodeOf(name)), deadlineMs).unref();
    });
  }
  // A closed terminal takes the output away, not the duty to clean up.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
  process.on("uncaughtException", (error) => {
    process.stderr.write(`${error.stack ?? error.message}\n`);
    endNow(1, error);
  });
  return {
    signal: controller.signal,
    exitCode: (code) => (endedBy === undefined ? code : exitCodeOf(endedBy)),
  };
}

function exitCodeOf(signal: NodeJS.Signals): number {
  return 128 + constants.signals[signal];
}
