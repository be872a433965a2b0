import { webcrypto, X509Certificate } from "node:crypto";
import { type PeerId, peerIdFromSpki } from "@lanspread/proto";
import {
  DAY_MS,
  EARLIEST_PLAUSIBLE_TIME,
  P256_SPKI_BYTES,
  P256_SPKI_HEAD,
  PEER_RENEW_DAYS,
  PEER_VALID_DAYS,
} from "./constants.ts";
import type { KeyPair } from "./keys.ts";
import type { OpenPartyCa } from "./party-ca.ts";
import { spkiOf } from "./spki-of.ts";

/**
 * The id of the peer that a certificate (DER) was issued to: computed from its SubjectPublicKeyInfo, the very bytes of
 * the certificate. Used on the certificate of a connection; the chain was verified by TLS before.
 *
 * @throws when `der` is no certificate, or not for a P-256 key in its one usual form: the same key in another form would be
 *   another peer.
 */
export function peerIdFromCertificate(der: Uint8Array): PeerId {
  const spki = Buffer.from(spkiOf(new X509Certificate(der).raw));
  if (spki.length !== P256_SPKI_BYTES || !spki.subarray(0, P256_SPKI_HEAD.length).equals(P256_SPKI_HEAD)) {
    throw new Error("the certificate is not for a P-256 key");
  }
  return peerIdFromSpki(spki);
}

/** Has the party CA sign a certificate for a peer's key. The result is PEM. */
export async function issuePeerCertificate(ca: OpenPartyCa, pair: KeyPair, now: Date): Promise<string> {
  const { publicKey } = pair.keys;
  const peerId = peerIdFromSpki(new Uint8Array(await webcrypto.subtle.exportKey("spki", publicKey)));
  const notAfter = peerCertificateEnd(ca.certificate.validToDate, now);
  const { issueCertificate } = await import("./issue-certificate.ts");
  return await issueCertificate({
    peerId,
    publicKey,
    ca: { certPem: ca.certificate.toString(), keys: ca.keys },
    notAfter,
  });
}

/** When a certificate that is issued now ends: never after the CA. */
function peerCertificateEnd(caEnd: Date, now: Date): Date {
  if (now.getTime() < EARLIEST_PLAUSIBLE_TIME) return caEnd;
  return new Date(Math.min(caEnd.getTime(), now.getTime() + PEER_VALID_DAYS * DAY_MS));
}

/** Why a peer's certificate cannot be used any longer, in words for the log; null when it can. */
export async function reasonToRenew(
  certPem: string,
  ca: OpenPartyCa,
  pair: KeyPair,
  now: Date,
): Promise<string | null> {
  let certificate: X509Certificate;
  let spki: Uint8Array;
  try {
    certificate = new X509Certificate(certPem);
    spki = spkiOf(certificate.raw);
  } catch {
    return "it is no certificate";
  }
  const own = await webcrypto.subtle.exportKey("spki", pair.keys.publicKey);
  if (!Buffer.from(own).equals(spki)) return "it is for another key";
  if (!isSignedBy(certificate, ca)) return "it is of another party CA";
  if (certificate.validFromDate.getTime() > now.getTime()) return "it is not valid yet";
  const end = certificate.validToDate.getTime();
  const left = end - now.getTime();
  if (left <= 0) return "it has expired";
  const best = peerCertificateEnd(ca.certificate.validToDate, now).getTime();
  // A CA that ends soon gives no longer certificate: renewing would change nothing.
  const canBeLonger = best > end;
  return left < PEER_RENEW_DAYS * DAY_MS && canBeLonger ? "it expires soon" : null;
}

function isSignedBy(certificate: X509Certificate, ca: OpenPartyCa): boolean {
  if (certificate.issuer !== ca.certificate.subject) return false;
  try {
    return certificate.verify(ca.certificate.publicKey);
  } catch {
    return false;
  }
}
