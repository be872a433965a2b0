import type { CloseInfo } from "../errors.ts";
import type { NativeConnection } from "./native-types.ts";

/** QUIC's own error codes: RFC 9000, 20.1. */
export const NO_ERROR = 0;
export const INTERNAL_ERROR = 1;

/** The other side has not been heard for too long. */
export const NOTHING_HEARD: CloseInfo = { byPeer: false, app: false, code: 0, reason: "", timedOut: true };

const TEXT = new TextDecoder();

/** How the native library's connection ended; null where it has not, or does not say so yet. */
export function readCloseInfo(native: NativeConnection): CloseInfo | null {
  if (native.isTimedOut()) return { ...NOTHING_HEARD };
  const theirs = native.peerError();
  const error = theirs ?? native.localError();
  if (error !== null) {
    const { isApp: app, errorCode: code, reason } = error;
    return { byPeer: theirs !== null, app, code, reason: TEXT.decode(reason), timedOut: false };
  }
  return native.isClosed() ? { byPeer: true, app: false, code: 0, reason: "", timedOut: false } : null;
}

/** What ends the connections of an endpoint that has failed. */
export function endpointFailed(message: string): CloseInfo {
  const reason = `the endpoint failed: ${message}`;
  return { byPeer: false, app: false, code: INTERNAL_ERROR, reason, timedOut: false };
}
