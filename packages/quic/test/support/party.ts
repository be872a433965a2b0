import "reflect-metadata"; // @peculiar/x509 needs it to be there first
import { webcrypto } from "node:crypto";
import { BasicConstraintsExtension, PemConverter, X509CertificateGenerator } from "@peculiar/x509";
import type { TlsOptions } from "../../src/index.ts";

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const DAY_MS = 86_400_000;

/** A certificate authority of a test, and members that it has signed. */
export interface Party {
  readonly ca: string;
  member(options?: { readonly validDays?: readonly [number, number] }): Promise<TlsOptions>;
}

/** Makes a certificate authority with real P-256 keys. */
export async function createParty(name = "party"): Promise<Party> {
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const ca = await X509CertificateGenerator.createSelfSigned(
    {
      name: `CN=${name} CA`,
      serialNumber: "01",
      notBefore: new Date(Date.now() - DAY_MS),
      notAfter: new Date(Date.now() + 30 * DAY_MS),
      keys,
      signingAlgorithm: ALGORITHM,
      extensions: [new BasicConstraintsExtension(true, 0, true)],
    },
    webcrypto,
  );
  const caPem = ca.toString("pem");
  return {
    ca: caPem,
    async member({ validDays = [-1, 30] } = {}) {
      const own = await webcrypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
      const certificate = await X509CertificateGenerator.create(
        {
          subject: "CN=member",
          issuer: ca.subject,
          serialNumber: "02",
          notBefore: new Date(Date.now() + validDays[0] * DAY_MS),
          notAfter: new Date(Date.now() + validDays[1] * DAY_MS),
          publicKey: own.publicKey,
          signingKey: keys.privateKey,
          signingAlgorithm: ALGORITHM,
        },
        webcrypto,
      );
      const key = await webcrypto.subtle.exportKey("pkcs8", own.privateKey);
      return { key: PemConverter.encode(key, "PRIVATE KEY"), cert: certificate.toString("pem"), ca: caPem };
    },
  };
}
