import { CONNECTION_REFUSED, CRYPTO_ERROR, HandshakeError } from "@lanspread/quic";
import { isAbortError, PeerError } from "../errors/index.ts";

/** TLS alerts that say: this certificate is not of the party's CA. */
const FOREIGN_CERTIFICATE: ReadonlySet<number> = new Set([
  CRYPTO_ERROR.badCertificate,
  CRYPTO_ERROR.certificateUnknown,
  CRYPTO_ERROR.unknownCa,
  CRYPTO_ERROR.certificateRequired,
]);

/**
 * Why no connection to `addr` came about.
 *
 * @returns PeerError `wrong-party`, `incompatible-peer`, `cancelled` or `connect-failed`; one that is a PeerError already stays.
 */
export function connectError(error: unknown, addr: string): PeerError {
  if (error instanceof PeerError) return error;
  if (isAbortError(error)) {
    return new PeerError("cancelled", `${addr}: connecting was cancelled`, { cause: error });
  }
  if (!(error instanceof HandshakeError)) {
    const detail = error instanceof Error ? error.message : String(error);
    return new PeerError("connect-failed", `${addr}: ${detail}`, { cause: error });
  }
  const { code } = error;
  const failed = (message: string) =>
    new PeerError("connect-failed", `${addr}: ${message}`, { cause: error });
  if (code === null) return failed("nobody answers");
  if (code === CONNECTION_REFUSED) return failed("the peer takes no more connections");
  if (code === CRYPTO_ERROR.noApplicationProtocol) {
    return new PeerError("incompatible-peer", `${addr}: the peer speaks another version of the protocol`, {
      cause: error,
    });
  }
  if (code === CRYPTO_ERROR.certificateExpired) {
    return failed("a certificate has expired: check the date of both computers");
  }
  if (FOREIGN_CERTIFICATE.has(code)) {
    return new PeerError("wrong-party", `${addr}: the peer has no certificate of this party's CA`, {
      cause: error,
    });
  }
  return failed(error.message);
}
