/** Base of all errors of this package. */
export class QuicError extends Error {
  override name = "QuicError";
}

/** The native library or the socket cannot be used on this machine; `cause` says why. */
export class QuicUnavailableError extends QuicError {
  override name = "QuicUnavailableError";
}

/**
 * No connection came about: refused, unreachable in time, wrong certificate, wrong protocol.
 *
 * `code` is the QUIC transport error (RFC 9000, 20.1), or null where nothing was heard in time. TLS alerts are 0x100 + alert:
 * see {@link CRYPTO_ERROR}.
 */
export class HandshakeError extends QuicError {
  override name = "HandshakeError";
  readonly code: number | null;
  /** True where the other side refused us, false where we refused it or heard nothing. */
  readonly byPeer: boolean;

  constructor(message: string, code: number | null, byPeer: boolean) {
    super(message);
    this.code = code;
    this.byPeer = byPeer;
  }
}

/** QUIC error codes of failed handshakes: 0x100 + TLS alert (RFC 9001, 4.8). */
export const CRYPTO_ERROR = {
  badCertificate: 298,
  certificateExpired: 301,
  certificateUnknown: 302,
  unknownCa: 304,
  certificateRequired: 372,
  noApplicationProtocol: 376,
} as const;

/** RFC 9000, 20.1: the server does not want this connection. */
export const CONNECTION_REFUSED = 2;

/** How a connection ended. */
export interface CloseInfo {
  /** The other side closed it. */
  readonly byPeer: boolean;
  /** The code is the application's (true) or QUIC's own (false). */
  readonly app: boolean;
  readonly code: number;
  readonly reason: string;
  /** Nothing was heard for the idle timeout. `code` is 0 then. */
  readonly timedOut: boolean;
}

/** The connection is over; what was waiting on it ends with this. */
export class ConnectionClosedError extends QuicError {
  override name = "ConnectionClosedError";
  readonly info: CloseInfo;

  constructor(info: CloseInfo) {
    super(describeClose(info));
    this.info = info;
  }
}

/** The sender of a stream gave up: what was not read yet is gone. `code` is the application's. */
export class StreamResetError extends QuicError {
  override name = "StreamResetError";
  readonly code: number;

  constructor(code: number) {
    super(`stream was reset with code ${code}`);
    this.code = code;
  }
}

/** The reader of a stream wants no more: further bytes would be thrown away. `code` is the application's. */
export class StreamStoppedError extends QuicError {
  override name = "StreamStoppedError";
  readonly code: number;

  constructor(code: number) {
    super(`stream was stopped with code ${code}`);
    this.code = code;
  }
}

/** A stream was used against its order: written to after `finish`, read by two readers at once. A bug of the caller. */
export class StreamStateError extends QuicError {
  override name = "StreamStateError";
}

function describeClose(info: CloseInfo): string {
  if (info.timedOut) return "connection timed out";
  const who = info.byPeer ? "by the other side" : "here";
  const why = info.reason === "" ? "" : `: ${info.reason}`;
  return `connection was closed ${who} with ${info.app ? "code" : "transport code"} ${info.code}${why}`;
}
