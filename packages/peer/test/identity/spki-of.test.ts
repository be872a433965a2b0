import { generateKeyPairSync, webcrypto, X509Certificate } from "node:crypto";
import fc from "fast-check";
import { expect, it } from "vitest";
import { createPartyCa } from "../../src/identity/index.ts";
import { generateKeyPair } from "../../src/identity/keys.ts";
import { openPartyCa } from "../../src/identity/party-ca.ts";
import { issuePeerCertificate, peerIdFromCertificate } from "../../src/identity/peer-certificate.ts";
import { spkiOf } from "../../src/identity/spki-of.ts";

const ca = await openPartyCa(await createPartyCa());
const pair = await generateKeyPair();
const pem = await issuePeerCertificate(ca, pair, new Date());
const der = new X509Certificate(pem).raw;

it("finds the very bytes of the key", async () => {
  const spki = new Uint8Array(await webcrypto.subtle.exportKey("spki", pair.keys.publicKey));
  expect(Buffer.from(spkiOf(der))).toEqual(Buffer.from(spki));
  expect(Buffer.from(spkiOf(ca.certificate.raw))).toEqual(
    ca.certificate.publicKey.export({ type: "spki", format: "der" }),
  );
});

it("says so of what is cut off at any place", () => {
  for (let end = 0; end < der.length; end++) {
    expect(() => spkiOf(der.subarray(0, end)), String(end)).toThrow("no certificate");
    expect(() => peerIdFromCertificate(der.subarray(0, end)), String(end)).toThrow();
  }
});

it("ends with an error or with bytes of what it was given, whatever that is", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(der.length - 1), fc.nat(255)), { maxLength: 4 }), (changes) => {
      const bytes = new Uint8Array(der);
      for (const [at, byte] of changes) bytes[at] = byte;
      try {
        expect(Buffer.from(bytes).includes(Buffer.from(spkiOf(bytes)))).toBe(true);
      } catch (error) {
        expect(String(error)).toContain("no certificate");
      }
    }),
  );
});

it("refuses a certificate that has the peer's key in another form, or another one than its place says", () => {
  const compressed = withKey((spki) => {
    // The same point by one coordinate (SEC 1, 2.3.3): shorter, and another SHA-256.
    const last = spki.at(-1) ?? 0;
    const head = Buffer.from("3039301306072a8648ce3d020106082a8648ce3d030107032200", "hex");
    return Buffer.concat([head, Buffer.of(2 + (last & 1)), spki.subarray(27, 59)]);
  });
  // Node reads it: it is a certificate, and for the very key.
  expect(new X509Certificate(compressed).publicKey.asymmetricKeyType).toBe("ec");
  expect(() => peerIdFromCertificate(compressed)).toThrow("not for a P-256 key");
  const other = generateKeyPairSync("ed25519").publicKey.export({ type: "spki", format: "der" });
  expect(() => peerIdFromCertificate(withKey(() => other))).toThrow("not for a P-256 key");
});

/** The certificate with another key at the key's place; its signature is no longer right, which is the business of TLS. */
function withKey(change: (spki: Buffer) => Buffer): Uint8Array {
  const spki = Buffer.from(spkiOf(der));
  const at = der.indexOf(spki);
  const changed = change(spki);
  const inner = der.subarray(4);
  const innerHead = inner.subarray(0, 4);
  const grown = changed.length - spki.length;
  const bytes = Buffer.concat([der.subarray(0, at), changed, der.subarray(at + spki.length)]);
  bytes.writeUInt16BE(der.readUInt16BE(2) + grown, 2);
  bytes.writeUInt16BE(innerHead.readUInt16BE(2) + grown, 6);
  return bytes;
}
