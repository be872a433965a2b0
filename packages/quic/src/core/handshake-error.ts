import { type CloseInfo, HandshakeError } from "../errors.ts";
import type { Address } from "../types.ts";

/** Why no connection came about, from how it ended. */
export function handshakeError(remote: Address, info: CloseInfo): HandshakeError {
  const where = `${remote.host}:${remote.port}`;
  if (info.timedOut) return new HandshakeError(`no answer from ${where}`, null, false);
  const who = info.byPeer ? `${where} refused the connection` : `the connection to ${where} was refused here`;
  const why = EXPLANATIONS[info.code] ?? `code ${info.code}${info.reason === "" ? "" : `, ${info.reason}`}`;
  return new HandshakeError(`${who}: ${why}`, info.code, info.byPeer);
}

/** What the codes that people meet mean: RFC 9000, 20.1, and TLS alerts + 0x100. */
const EXPLANATIONS: Readonly<Record<number, string>> = {
  2: "it takes no more connections",
  298: "bad certificate",
  301: "the certificate has expired",
  302: "the certificate was not accepted",
  304: "the certificate comes from another CA",
  372: "a certificate is required",
  376: "no common application protocol",
};
