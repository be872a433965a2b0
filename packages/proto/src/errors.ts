import { cleanMessage } from "./text.ts";

/** Error codes of an answer. The list is append-only: a code keeps its meaning for ever. */
export const WIRE_ERROR_CODES = [
  "bad_request",
  "unsupported_version",
  "wrong_peer",
  "self_connect",
  "not_in_catalog",
  "not_downloaded",
  "operation_active",
  "version_mismatch",
  "forbidden_path",
  "no_such_file",
  "manifest_changed",
  "need_snapshot",
  "busy",
  "internal",
] as const;

export type WireErrorCode = (typeof WIRE_ERROR_CODES)[number];

/** Application error codes of stream resets and connection closes (QUIC, RFC 9000 section 20.2). Append-only too. */
export const RESET = {
  /** Nothing went wrong: the other side is no longer interested. */
  cancelled: 0x00,
  /** A frame is longer than its limit. */
  tooLarge: 0x01,
  /** What came is no frame, no JSON or no known message. */
  malformed: 0x02,
  /** The other side made no progress for too long. */
  stalled: 0x03,
  /** The bytes being sent are no longer those of the manifest, or may no longer be served. */
  revoked: 0x04,
  /** Too many streams or connections. */
  overLimit: 0x05,
  /** The certificate or the `hello` is not of a peer that may be here. */
  refused: 0x06,
  /** The peer is stopping. */
  shuttingDown: 0x07,
  internal: 0x08,
} as const;

export type ResetCode = (typeof RESET)[keyof typeof RESET];

/** What came over the wire breaks its rules. `code` is what the answer says, `reset` what a refused stream is reset with. */
export class WireError extends Error {
  override readonly name = "WireError";
  readonly code: WireErrorCode;
  readonly reset: ResetCode;

  constructor(code: WireErrorCode, message: string, reset: ResetCode = RESET.malformed) {
    super(cleanMessage(message));
    this.code = code;
    this.reset = reset;
  }
}
