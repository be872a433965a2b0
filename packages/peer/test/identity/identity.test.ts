import { createPublicKey, webcrypto, X509Certificate } from "node:crypto";
import { chmod, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { peerIdFromSpki } from "@lanspread/proto";
import { temporaryDirectory } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import { createPartyCa, openIdentity, peerIdFromCertificate } from "../../src/identity/index.ts";
import { X509CertificateGenerator } from "../../src/identity/x509.ts";
import { openStateDir } from "../../src/storage/index.ts";

const DAY = 24 * 60 * 60 * 1000;
const NOW = new Date("2027-03-01T12:00:00Z");
const later = (days: number): Date => new Date(NOW.getTime() + days * DAY);

describe("openIdentity", () => {
  it("makes a key and a certificate that the party CA has signed", async () => {
    await using dir = await temporaryDirectory();
    const stateDir = await openStateDir(dir.join("state"));
    const partyCa = await createPartyCa({ now: NOW });
    const identity = await openIdentity({ stateDir, partyCa, now: NOW });

    const certificate = new X509Certificate(identity.certPem);
    const ca = new X509Certificate(partyCa.certPem);
    expect(certificate.checkIssued(ca)).toBe(true);
    expect(certificate.verify(ca.publicKey)).toBe(true);
    expect(certificate.ca).toBe(false);
    expect(identity.caPem).toBe(partyCa.certPem);
    expect(await readFile(stateDir.keyFile, "utf8")).toBe(identity.keyPem);
    expect(await readFile(stateDir.certFile, "utf8")).toBe(identity.certPem);
    const spki = createPublicKey(identity.keyPem).export({ type: "spki", format: "der" });
    expect(identity.peerId).toBe(peerIdFromSpki(spki));
    expect(peerIdFromCertificate(certificate.raw)).toBe(identity.peerId);
  });

  it.skipIf(process.platform === "win32")(
    "keeps the key to its owner, also when it was open before",
    async () => {
      await using dir = await temporaryDirectory();
      const stateDir = await openStateDir(dir.join("state"));
      const partyCa = await createPartyCa({ now: NOW });
      await openIdentity({ stateDir, partyCa, now: NOW });
      expect((await stat(stateDir.keyFile)).mode & 0o777).toBe(0o600);
      await chmod(stateDir.keyFile, 0o644);
      await openIdentity({ stateDir, partyCa, now: NOW });
      expect((await stat(stateDir.keyFile)).mode & 0o777).toBe(0o600);
    },
  );

  it("gives two peers different ids", async () => {
    await using dir = await temporaryDirectory();
    const partyCa = await createPartyCa({ now: NOW });
    const one = await openIdentity({ stateDir: await openStateDir(dir.join("a")), partyCa, now: NOW });
    const two = await openIdentity({ stateDir: await openStateDir(dir.join("b")), partyCa, now: NOW });
    expect(one.peerId).not.toBe(two.peerId);
  });

  it.each([
    ["the next day", 1, false],
    ["two years later, with over a year left", 690, false],
    ["when it expires within 400 days", 700, true],
    ["after it has expired", 1200, true],
    ["when the clock was put back by a year", -365, false],
  ])("renews the certificate %s: in %i days: %j, and never the key", async (_, days, renewed) => {
    await using dir = await temporaryDirectory();
    const stateDir = await openStateDir(dir.join("state"));
    const partyCa = await createPartyCa({ now: NOW });
    const first = await openIdentity({ stateDir, partyCa, now: NOW });
    const second = await openIdentity({ stateDir, partyCa, now: later(days) });
    expect(second.certPem !== first.certPem).toBe(renewed);
    expect(second.keyPem).toBe(first.keyPem);
    expect(second.peerId).toBe(first.peerId);
    expect(await readFile(stateDir.certFile, "utf8")).toBe(second.certPem);
    expect(Date.parse(new X509Certificate(second.certPem).validTo)).toBeGreaterThan(later(days).getTime());
  });

  it("takes a certificate of the new party when the CA changes", async () => {
    await using dir = await temporaryDirectory();
    const stateDir = await openStateDir(dir.join("state"));
    const first = await openIdentity({ stateDir, partyCa: await createPartyCa({ now: NOW }), now: NOW });
    const other = await createPartyCa({ now: NOW });
    const second = await openIdentity({ stateDir, partyCa: other, now: NOW });
    expect(second.peerId).toBe(first.peerId);
    expect(new X509Certificate(second.certPem).checkIssued(new X509Certificate(other.certPem))).toBe(true);
  });

  it("is not fooled by a CA of the same name: the signature decides", async () => {
    await using dir = await temporaryDirectory();
    const stateDir = await openStateDir(dir.join("state"));
    const partyCa = await createPartyCa({ now: NOW });
    const first = await openIdentity({ stateDir, partyCa, now: NOW });
    const damaged = new X509Certificate(first.certPem).raw;
    const last = damaged.length - 1;
    damaged[last] = (damaged[last] ?? 0) ^ 1;
    const pem = `-----BEGIN CERTIFICATE-----\n${damaged.toString("base64")}\n-----END CERTIFICATE-----\n`;
    await writeFile(stateDir.certFile, pem);
    const second = await openIdentity({ stateDir, partyCa, now: NOW });
    const ca = new X509Certificate(partyCa.certPem);
    expect(new X509Certificate(pem).verify(ca.publicKey)).toBe(false);
    expect(new X509Certificate(second.certPem).verify(ca.publicKey)).toBe(true);
  });

  it("replaces a damaged certificate, and one that is for another key", async () => {
    await using dir = await temporaryDirectory();
    const partyCa = await createPartyCa({ now: NOW });
    const stateDir = await openStateDir(dir.join("state"));
    const stranger = await openIdentity({ stateDir: await openStateDir(dir.join("b")), partyCa, now: NOW });
    const first = await openIdentity({ stateDir, partyCa, now: NOW });
    for (const text of ["garbage", "", stranger.certPem]) {
      await writeFile(stateDir.certFile, text);
      const again = await openIdentity({ stateDir, partyCa, now: NOW });
      expect(again.peerId).toBe(first.peerId);
      expect(peerIdFromCertificate(new X509Certificate(again.certPem).raw)).toBe(first.peerId);
    }
  });

  it("sets a damaged key aside and begins anew", async () => {
    await using dir = await temporaryDirectory();
    const stateDir = await openStateDir(dir.join("state"));
    const partyCa = await createPartyCa({ now: NOW });
    const first = await openIdentity({ stateDir, partyCa, now: NOW });
    await writeFile(stateDir.keyFile, first.keyPem.slice(0, 80));
    const second = await openIdentity({ stateDir, partyCa, now: NOW });
    expect(second.peerId).not.toBe(first.peerId);
    expect((await readdir(stateDir.identityDir)).sort()).toEqual(["cert.pem", "key.pem", "key.pem.damaged"]);
    expect(await readFile(`${stateDir.keyFile}.damaged`, "utf8")).toBe(first.keyPem.slice(0, 80));
  });

  it("makes a certificate that others accept even where the clock battery is dead", async () => {
    await using dir = await temporaryDirectory();
    const stateDir = await openStateDir(dir.join("state"));
    const partyCa = await createPartyCa({ now: NOW });
    const identity = await openIdentity({ stateDir, partyCa, now: new Date("1970-01-01T00:05:00Z") });
    const certificate = new X509Certificate(identity.certPem);
    expect(Date.parse(certificate.validFrom)).toBeLessThanOrEqual(0);
    expect(Date.parse(certificate.validTo)).toBeGreaterThan(later(3650).getTime());
  });

  it("never signs beyond the CA's own end, and refuses a CA that has expired", async () => {
    await using dir = await temporaryDirectory();
    const stateDir = await openStateDir(dir.join("state"));
    const partyCa = await createPartyCa({ now: NOW, validDays: 10 });
    const identity = await openIdentity({ stateDir, partyCa, now: NOW });
    const end = Date.parse(new X509Certificate(partyCa.certPem).validTo);
    expect(Date.parse(new X509Certificate(identity.certPem).validTo)).toBe(end);
    const again = await openIdentity({ stateDir, partyCa, now: later(5) });
    expect(again.certPem).toBe(identity.certPem);
    await expect(openIdentity({ stateDir, partyCa, now: later(11) })).rejects.toMatchObject({
      code: "party-ca-invalid",
      message: expect.stringContaining("expired"),
    });
  });
});

describe("peerIdFromCertificate", () => {
  const made = async (algorithm: webcrypto.EcKeyGenParams | webcrypto.RsaHashedKeyGenParams) => {
    const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
    const signingAlgorithm = { ...algorithm, hash: "SHA-256" };
    return await X509CertificateGenerator.createSelfSigned(
      { name: "CN=x", keys, signingAlgorithm },
      webcrypto,
    );
  };

  it("takes a P-256 key and no other", async () => {
    const good = await made({ name: "ECDSA", namedCurve: "P-256" });
    expect(peerIdFromCertificate(new Uint8Array(good.rawData))).toBe(
      peerIdFromSpki(new Uint8Array(good.publicKey.rawData)),
    );
    const rsa = { name: "RSASSA-PKCS1-v1_5", modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) };
    for (const other of [
      await made({ name: "ECDSA", namedCurve: "P-384" }),
      await made({ ...rsa, hash: "SHA-256" }),
    ]) {
      expect(() => peerIdFromCertificate(new Uint8Array(other.rawData))).toThrow("not for a P-256 key");
    }
  });
});
