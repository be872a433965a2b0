import "reflect-metadata"; // @peculiar/x509 needs it to be there first
import { webcrypto } from "node:crypto";
import type { TlsOptions } from "@lanspread/quic";
import { BasicConstraintsExtension, PemConverter, X509CertificateGenerator } from "@peculiar/x509";

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const HOUR_MS = 3_600_000;

/** A CA of this run only, and one member of it: both ends of a measurement use the same. */
export async function createCredentials(): Promise<TlsOptions> {
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const own = await webcrypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const life = { notBefore: new Date(Date.now() - HOUR_MS), notAfter: new Date(Date.now() + 24 * HOUR_MS) };
  const ca = await X509CertificateGenerator.createSelfSigned(
    {
      ...life,
      name: "CN=bench CA",
      serialNumber: "01",
      keys,
      signingAlgorithm: ALGORITHM,
      extensions: [new BasicConstraintsExtension(true, 0, true)],
    },
    webcrypto,
  );
  const certificate = await X509CertificateGenerator.create(
    {
      ...life,
      subject: "CN=bench",
      issuer: ca.subject,
      serialNumber: "02",
      publicKey: own.publicKey,
      signingKey: keys.privateKey,
      signingAlgorithm: ALGORITHM,
    },
    webcrypto,
  );
  const key = await webcrypto.subtle.exportKey("pkcs8", own.privateKey);
  return {
    key: PemConverter.encode(key, "PRIVATE KEY"),
    cert: certificate.toString("pem"),
    ca: ca.toString("pem"),
  };
}
