import type { PeerErrorCode } from "../../errors/index.ts";

/** Thrown inside the worker to leave the library: it ends the request with this error. */
export class UnpackFailure extends Error {
  readonly code: PeerErrorCode;

  constructor(code: PeerErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** Thrown inside the worker when the request was cancelled. */
export class UnpackCancelled extends Error {}

/** Longest name that a sentence quotes, UTF-16 units: a hostile name must not fill a log. */
const QUOTED_LENGTH = 200;

/** A name from an archive for a sentence: quoted, in one line, cut. */
export function quoteName(name: string): string {
  return JSON.stringify(name.length > QUOTED_LENGTH ? `${name.slice(0, QUOTED_LENGTH)}…` : name);
}
