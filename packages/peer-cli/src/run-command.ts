import type { ExitCode } from "./exit-codes.ts";
import { EXIT } from "./exit-codes.ts";
import { CommandError, exitCodeForFailure, toFailure } from "./failure.ts";
import { createInterrupt, type Interrupt } from "./interrupt.ts";
import type { OutputFlags } from "./options.ts";
import { openDataOutput } from "./report/data-output.ts";
import { createReporter, type Reporter } from "./report/reporter.ts";
import type { CommandResult } from "./report/results.ts";

/** What a command works with. */
export interface CommandContext {
  readonly reporter: Reporter;
  /** Aborted when the user asks to end: finish in order, tell the peers, return. */
  readonly signal: AbortSignal;
  readonly interrupt: Interrupt;
  /** How often `-v` was given. */
  readonly verbosity: number;
}

/** What a command returns. */
export interface CommandOutcome {
  readonly exit: ExitCode;
  readonly result: CommandResult;
}

/** Runs one command with its surroundings: reporter, Ctrl+C, failures, and the exit code in the end. */
export async function runCommand(
  flags: OutputFlags,
  run: (context: CommandContext) => Promise<CommandOutcome>,
): Promise<ExitCode> {
  const stdout = openDataOutput(() => interrupt.trigger("stdout closed"));
  const reporter = createReporter({
    stdout: stdout.stream,
    stderr: process.stderr,
    terminal: process.stderr.isTTY === true && process.env["TERM"] !== "dumb",
    colors: wantsColors(process.env, process.stderr.isTTY === true && process.stdout.isTTY === true),
    json: flags.json === true,
    quiet: flags.quiet === true,
  });
  const interrupt = createInterrupt({
    onAsked: (reason) => {
      if (reason === "SIGINT") reporter.notice("ending; press Ctrl+C again to end at once");
    },
    // Not even a dying runtime may hold the terminal: what was cut off is recovered at the next start.
    onForced: () => {
      reporter.close();
      process.exit(EXIT.cancelled);
    },
  });
  process.stderr.on("error", () => {});
  try {
    const outcome = await run({
      reporter,
      signal: interrupt.signal,
      interrupt,
      verbosity: flags.verbose ?? 0,
    });
    reporter.result(outcome.result);
    await stdout.flushed();
    const lost = stdout.failure();
    if (lost !== undefined) throw notWritten(lost);
    return outcome.exit;
  } catch (error) {
    if (interrupt.signal.aborted && isAbort(error, interrupt.signal)) return EXIT.cancelled;
    const failure = toFailure(error);
    reporter.failure(failure);
    if ((flags.verbose ?? 0) > 0 && error instanceof Error && error.stack !== undefined)
      reporter.log(error.stack);
    return exitCodeForFailure(failure);
  } finally {
    interrupt.close();
  }
}

/** What a file on a full disk, say, has not taken. */
function notWritten(cause: NodeJS.ErrnoException): CommandError {
  const isFull = cause.code !== undefined && FULL.has(cause.code);
  const message = `what was to go to stdout could not be written whole: ${cause.message}`;
  return new CommandError(
    { code: isFull ? "disk-full" : "disk-error", message, hint: "What is there of it is not complete." },
    { cause },
  );
}

const FULL: ReadonlySet<string> = new Set(["ENOSPC", "EDQUOT", "EFBIG"]);

/** https://no-color.org: any non-empty value of NO_COLOR means none; FORCE_COLOR asks for them off a terminal. */
export function wantsColors(env: Readonly<Record<string, string | undefined>>, terminal: boolean): boolean {
  if ((env["NO_COLOR"] ?? "") !== "") return false;
  if ((env["FORCE_COLOR"] ?? "") !== "") return env["FORCE_COLOR"] !== "0";
  return terminal && env["TERM"] !== "dumb";
}

function isAbort(error: unknown, signal: AbortSignal): boolean {
  return (
    error === signal.reason ||
    (error instanceof Error && error.name === "AbortError") ||
    toFailure(error).code === "cancelled"
  );
}
