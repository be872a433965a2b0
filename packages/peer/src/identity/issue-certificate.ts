/**
 * Certificates are made here, which happens at a first start and then once in years: who needs it loads this module then, since the
 * library behind it takes some 9 MB for as long as the process lives. What is read of certificates is read by Node.
 */
import { randomBytes, webcrypto } from "node:crypto";
import type { PeerId } from "@lanspread/proto";
import { SIGNING_ALGORITHM, VALID_FROM } from "./constants.ts";
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

export interface IssueCaOptions {
  /** No two CAs have the same one, so that one is never taken for the other's issuer. */
  readonly name: string;
  readonly keys: webcrypto.CryptoKeyPair;
  readonly notAfter: Date;
}

/** The certificate of a new party CA, PEM. */
export async function issueCaCertificate({ name, keys, notAfter }: IssueCaOptions): Promise<string> {
  const certificate = await X509CertificateGenerator.createSelfSigned(
    {
      name: [{ O: ["lanspread"] }, { CN: [name] }],
      keys,
      notBefore: VALID_FROM,
      notAfter,
      signingAlgorithm: SIGNING_ALGORITHM,
      serialNumber: serialNumber(),
      extensions: [
        new BasicConstraintsExtension(true, 0, true),
        new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
        await SubjectKeyIdentifierExtension.create(keys.publicKey, false, webcrypto),
      ],
    },
    webcrypto,
  );
  return `${certificate.toString("pem")}\n`;
}

export interface IssuePeerOptions {
  readonly peerId: PeerId;
  /** Of the peer. */
  readonly publicKey: webcrypto.CryptoKey;
  readonly ca: { readonly certPem: string; readonly keys: webcrypto.CryptoKeyPair };
  readonly notAfter: Date;
}

/** A peer's certificate, signed by its party CA, PEM. */
export async function issueCertificate(options: IssuePeerOptions): Promise<string> {
  const { peerId, publicKey, ca, notAfter } = options;
  const certificate = await X509CertificateGenerator.create(
    {
      subject: [{ O: ["lanspread"] }, { CN: [peerId] }],
      issuer: new X509Certificate(ca.certPem).subjectName,
      publicKey,
      signingKey: ca.keys.privateKey,
      notBefore: VALID_FROM,
      notAfter,
      signingAlgorithm: SIGNING_ALGORITHM,
      serialNumber: serialNumber(),
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
        // Every peer is client of some connections and server of others.
        new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth]),
        await SubjectKeyIdentifierExtension.create(publicKey, false, webcrypto),
        await AuthorityKeyIdentifierExtension.create(ca.keys.publicKey, false, webcrypto),
      ],
    },
    webcrypto,
  );
  return `${certificate.toString("pem")}\n`;
}

/** A positive 128-bit serial number in hexadecimal digits (RFC 5280 §4.1.2.2). */
function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes.toString("hex");
}
