import { X509Certificate } from "node:crypto";
import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { temporaryDirectory } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import {
  createPartyCa,
  loadPartyCa,
  openIdentity,
  SHIPPED_CA_DIR,
  writePartyCa,
} from "../../src/identity/index.ts";
import { openStateDir } from "../../src/storage/index.ts";

describe("writePartyCa", () => {
  it("writes what loadPartyCa reads, the key for its owner alone", async () => {
    await using dir = await temporaryDirectory();
    const ca = await createPartyCa({ name: "friends" });
    const { certFile, keyFile } = await writePartyCa({ dir: dir.join("new", "ca"), ca });
    expect(await loadPartyCa(dir.join("new", "ca"))).toEqual(ca);
    if (process.platform !== "win32") expect((await stat(keyFile)).mode & 0o777).toBe(0o600);
    expect(new X509Certificate(await readFile(certFile)).subject).toContain("friends");
  });

  it("overwrites no CA, not even half a one, unless it is told to", async () => {
    await using dir = await temporaryDirectory();
    const [old, ca] = [await createPartyCa(), await createPartyCa()];
    await writePartyCa({ dir: dir.path, ca: old });
    await expect(writePartyCa({ dir: dir.path, ca })).rejects.toMatchObject({ code: "already-exists" });
    expect(await loadPartyCa(dir.path)).toEqual(old);
    await writePartyCa({ dir: dir.path, ca, force: true });
    expect(await loadPartyCa(dir.path)).toEqual(ca);

    await mkdir(dir.join("half"));
    await writeFile(dir.join("half", "party-ca-key.pem"), "precious");
    await expect(writePartyCa({ dir: dir.join("half"), ca })).rejects.toMatchObject({
      code: "already-exists",
    });
    expect(await readdir(dir.join("half"))).toEqual(["party-ca-key.pem"]);
    expect(await readFile(dir.join("half", "party-ca-key.pem"), "utf8")).toBe("precious");
  });

  it("makes two CAs that differ in key and name, whatever they are called", async () => {
    const [one, two] = [
      await createPartyCa({ name: "x, CN=evil" }),
      await createPartyCa({ name: "x, CN=evil" }),
    ];
    expect(one.keyPem).not.toBe(two.keyPem);
    expect(new X509Certificate(one.certPem).subject).not.toBe(new X509Certificate(two.certPem).subject);
    expect(new X509Certificate(one.certPem).subject.split("\n")).toHaveLength(2);
  });
});

describe("loadPartyCa", () => {
  it("refuses halves that do not belong together, garbage, and what is no CA", async () => {
    await using dir = await temporaryDirectory();
    const [one, two] = [await createPartyCa(), await createPartyCa()];
    const member = await openIdentity({ stateDir: await openStateDir(dir.join("state")), partyCa: one });
    const cases: [certPem: string, keyPem: string, message: string][] = [
      [one.certPem, two.keyPem, "does not belong"],
      ["garbage", one.keyPem, "no certificate"],
      [one.certPem, "garbage", "no P-256 key"],
      [one.certPem, "x".repeat(100_000), "100000 bytes"],
      [member.certPem, member.keyPem, "no certificate of a certificate authority"],
    ];
    for (const [index, [certPem, keyPem, message]] of cases.entries()) {
      const ca = dir.join(`ca${index}`);
      await writePartyCa({ dir: ca, ca: { certPem, keyPem } });
      await expect(loadPartyCa(ca)).rejects.toMatchObject({
        code: "party-ca-invalid",
        message: expect.stringContaining(message),
      });
    }
    await expect(loadPartyCa(dir.join("none"))).rejects.toMatchObject({
      code: "no-such-file",
      message: expect.stringContaining(dir.join("none")),
      hint: expect.stringContaining("certs rotate"),
    });
  });
});

describe("the CA that comes with lanspread", () => {
  it("can be used, and will be for five more years: replace it in good time when this fails", async () => {
    const { certPem } = await loadPartyCa();
    const certificate = new X509Certificate(certPem);
    const fiveYears = 5 * 365 * 24 * 60 * 60 * 1000;
    expect(Date.parse(certificate.validTo)).toBeGreaterThan(Date.now() + fiveYears);
    expect(Date.parse(certificate.validFrom)).toBe(0);
    expect(certificate.ca).toBe(true);
    expect(certificate.verify(certificate.publicKey)).toBe(true);
  });

  it("is described truthfully beside it", async () => {
    const { certPem } = await loadPartyCa();
    const page = await readFile(`${SHIPPED_CA_DIR}/README.md`, "utf8");
    const end = new Date(new X509Certificate(certPem).validTo).toISOString().slice(0, 10);
    expect(page).toContain(end);
    expect(page).toContain("The key is public");
  });
});
