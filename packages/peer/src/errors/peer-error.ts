import { type ErrorDescription, PEER_ERRORS, type PeerErrorCode } from "./registry.ts";

export interface PeerErrorOptions {
  /** What led to this error. */
  readonly cause?: unknown;
  /** What to do about it, where this case knows better than the registry. */
  readonly hint?: string;
  /** Overrides the registry where this case knows better. */
  readonly retryable?: boolean;
}

/**
 * The only kind of error that the runtime's API rejects with.
 *
 * The message names the game, file or peer it is about; `hint` says what to do.
 */
export class PeerError extends Error {
  override readonly name = "PeerError";
  readonly code: PeerErrorCode;
  readonly hint: string | undefined;
  readonly retryable: boolean;

  constructor(code: PeerErrorCode, message: string, options: PeerErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    const description: ErrorDescription = PEER_ERRORS[code];
    this.code = code;
    this.hint = options.hint ?? description.hint;
    this.retryable = options.retryable ?? description.retryable;
  }
}

/** What an error tells who was not there: as in results, events and refusals. */
export interface FailureReason {
  readonly code: PeerErrorCode;
  readonly message: string;
  readonly hint?: string;
}

/** The reason of an error; without a hint where there is none. */
export function reasonOf({ code, message, hint }: PeerError): FailureReason {
  return { code, message, ...(hint === undefined ? {} : { hint }) };
}

/** Any thrown value as a {@link PeerError}; what is no PeerError and no cancellation is a fault of ours: `internal`. */
export function toPeerError(error: unknown): PeerError {
  if (error instanceof PeerError) return error;
  if (isAbortError(error))
    return new PeerError("cancelled", "The operation was cancelled.", { cause: error });
  const message = error instanceof Error ? error.message : String(error);
  return new PeerError("internal", message, { cause: error });
}

/** Whether `error` is what an aborted `AbortSignal` makes Node's own functions throw. */
export function isAbortError(error: unknown): boolean {
  return error instanceof Error && error.name === "AbortError";
}
