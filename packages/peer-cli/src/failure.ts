import { EXIT, type ExitCode, exitCodeForError } from "./exit-codes.ts";

/** What went wrong, in the form in which it is shown: a stable code, what happened, and what to do about it. */
export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
}

/** Ends a command with a failure of its own making. */
export class CommandError extends Error {
  readonly code: string;
  readonly hint: string | undefined;

  constructor(failure: Failure, options?: ErrorOptions) {
    super(failure.message, options);
    this.name = "CommandError";
    this.code = failure.code;
    this.hint = failure.hint;
  }
}

/** Any thrown value as a failure. Errors of the runtime carry code and hint themselves; others are `internal`. */
export function toFailure(error: unknown): Failure {
  if (!(error instanceof Error)) return { code: "internal", message: String(error) };
  if (error.name === "AbortError") return { code: "cancelled", message: "cancelled" };
  const code =
    "code" in error && typeof error.code === "string" && /^[a-z]+(-[a-z]+)*$/.test(error.code)
      ? error.code
      : "internal";
  const hint = "hint" in error && typeof error.hint === "string" ? error.hint : undefined;
  return { code, message: error.message, ...(hint === undefined ? {} : { hint }) };
}

/** The exit code that a failure ends the process with. */
export function exitCodeForFailure(failure: Failure): ExitCode {
  return failure.code === "usage" ? EXIT.usage : exitCodeForError(failure.code);
}
