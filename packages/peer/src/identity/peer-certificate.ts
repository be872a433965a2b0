import { webcrypto } from "node:crypto";
import { type PeerId, peerIdFromSpki } from "@lanspread/proto";
import {
  DAY_MS,
  EARLIEST_PLAUSIBLE_TIME,
  P256_SPKI_BYTES,
  P256_SPKI_HEAD,
  PEER_RENEW_DAYS,
  PEER_VALID_DAYS,
  SIGNING_ALGORITHM,
  VALID_FROM,
} from "./constants.ts";
import type { KeyPair } from "./keys.ts";
import { type OpenPartyCa, serialNumber } from "./party-ca.ts";
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from "./x509.ts";

/**
 * The id of the peer that a certificate (DER) was issued to: computed from its SubjectPublicKeyInfo, the very bytes of
 * the certificate. Used on the certificate of a connection; the chain was verified by TLS before.
 *
 * @throws when `der` is no certificate, or not for a P-256 key in its one usual form: the same key in another form would be
 *   another peer.
 */
export function peerIdFromCertificate(der: Uint8Array): PeerId {
  const spki = Buffer.from(new X509Certificate(new Uint8Array(der)).publicKey.rawData);
  if (spki.length !== P256_SPKI_BYTES || !spki.subarray(0, P256_SPKI_HEAD.length).equals(P256_SPKI_HEAD)) {
    throw new Error("the certificate is not for a P-256 key");
  }
  return peerIdFromSpki(spki);
}

/** Has the party CA sign a certificate for a peer's key. The result is PEM. */
export async function issuePeerCertificate(ca: OpenPartyCa, pair: KeyPair, now: Date): Promise<string> {
  const spki = await webcrypto.subtle.exportKey("spki", pair.keys.publicKey);
  const certificate = await X509CertificateGenerator.create(
    {
      subject: [{ O: ["lanspread"] }, { CN: [peerIdFromSpki(new Uint8Array(spki))] }],
      issuer: ca.certificate.subjectName,
      publicKey: pair.keys.publicKey,
      signingKey: ca.keys.privateKey,
      notBefore: VALID_FROM,
      notAfter: peerCertificateEnd(ca.certificate.notAfter, now),
      signingAlgorithm: SIGNING_ALGORITHM,
      serialNumber: serialNumber(),
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
        // Every peer is client of some connections and server of others.
        new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth]),
        await SubjectKeyIdentifierExtension.create(pair.keys.publicKey, false, webcrypto),
        await AuthorityKeyIdentifierExtension.create(ca.keys.publicKey, false, webcrypto),
      ],
    },
    webcrypto,
  );
  return `${certificate.toString("pem")}\n`;
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
  try {
    certificate = new X509Certificate(certPem);
  } catch {
    return "it is no certificate";
  }
  const spki = await webcrypto.subtle.exportKey("spki", pair.keys.publicKey);
  if (!Buffer.from(spki).equals(Buffer.from(certificate.publicKey.rawData))) return "it is for another key";
  if (!(await isSignedBy(certificate, ca))) return "it is of another party CA";
  if (certificate.notBefore.getTime() > now.getTime()) return "it is not valid yet";
  const left = certificate.notAfter.getTime() - now.getTime();
  if (left <= 0) return "it has expired";
  const best = peerCertificateEnd(ca.certificate.notAfter, now).getTime();
  // A CA that ends soon gives no longer certificate: renewing would change nothing.
  const canBeLonger = best > certificate.notAfter.getTime();
  return left < PEER_RENEW_DAYS * DAY_MS && canBeLonger ? "it expires soon" : null;
}

async function isSignedBy(certificate: X509Certificate, ca: OpenPartyCa): Promise<boolean> {
  if (certificate.issuer !== ca.certificate.subject) return false;
  try {
    return await certificate.verify({ publicKey: ca.keys.publicKey, signatureOnly: true }, webcrypto);
  } catch {
    return false;
  }
}
