import { createPrivateKey, X509Certificate } from "node:crypto";
import { QuicError } from "./errors.ts";
import type { TlsOptions } from "./types.ts";

/**
 * Makes sure that credentials can be used: the native library takes a key of another certificate, and a CA text without a certificate,
 * and fails at every handshake then.
 *
 * @throws QuicError that names the part; `cause` is what the parser said.
 */
export function checkCredentials(tls: TlsOptions): void {
  const certificate = read("certificate", () => new X509Certificate(tls.cert));
  const key = read("key", () => createPrivateKey(tls.key));
  read("CA certificate", () => new X509Certificate(tls.ca));
  if (!certificate.checkPrivateKey(key)) throw new QuicError("the key does not belong to the certificate");
}

function read<T>(what: string, parse: () => T): T {
  try {
    return parse();
  } catch (cause) {
    throw new QuicError(`the ${what} cannot be read`, { cause });
  }
}
