import { randomBytes, webcrypto, X509Certificate } from "node:crypto";
import { lstat, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { errnoOf, fromNodeError, PeerError } from "../errors/index.ts";
import { makeDirectories, PRIVATE_FILE_MODE, writeFileDurably } from "../storage/index.ts";
import { CA_CERT_NAME, CA_KEY_NAME, CA_VALID_DAYS, DAY_MS, MAX_PEM_BYTES } from "./constants.ts";
import { generateKeyPair, importKeyPair, type KeyPair } from "./keys.ts";
import { spkiOf } from "./spki-of.ts";

/** The certificate authority of a party: who has a certificate of it may join. Both halves are PEM. */
export interface PartyCa {
  readonly certPem: string;
  /** PKCS #8. Every member has it, because every peer signs its own certificate with it. */
  readonly keyPem: string;
}

export interface CreatePartyCaOptions {
  /** What the certificate calls the party. Default `party`. */
  readonly name?: string;
  /** Default: the system's clock. */
  readonly now?: Date;
  /** Days from `now`. Default 30 years. */
  readonly validDays?: number;
}

/** Makes a new party CA in memory; {@link writePartyCa} writes it. */
export async function createPartyCa(options: CreatePartyCaOptions = {}): Promise<PartyCa> {
  const { name = "party", now = new Date(), validDays = CA_VALID_DAYS } = options;
  const { keys, keyPem } = await generateKeyPair();
  const { issueCaCertificate } = await import("./issue-certificate.ts");
  const certPem = await issueCaCertificate({
    name: `${name} ${randomBytes(4).toString("hex")}`,
    keys,
    notAfter: new Date(now.getTime() + validDays * DAY_MS),
  });
  return { certPem, keyPem };
}

export interface WritePartyCaOptions {
  /** Made when it is missing. */
  readonly dir: string;
  readonly ca: PartyCa;
  /** Replaces a CA that lies there. Default false: its members could never join again. */
  readonly force?: boolean;
}

/**
 * Writes a party CA into a directory, the key readable by its owner alone.
 *
 * @returns the paths that were written.
 * @throws PeerError `already-exists` when either file is there and `force` is not set; nothing is touched then.
 */
export async function writePartyCa(
  options: WritePartyCaOptions,
): Promise<{ certFile: string; keyFile: string }> {
  const { dir, ca, force = false } = options;
  const certFile = join(dir, CA_CERT_NAME);
  const keyFile = join(dir, CA_KEY_NAME);
  if (!force) {
    for (const path of [certFile, keyFile]) {
      if (await exists(path)) {
        throw new PeerError("already-exists", `${path} is there already: a party CA is not overwritten`, {
          hint: "Choose an empty directory. Members of the old party need its CA to go on.",
        });
      }
    }
  }
  await makeDirectories(dir);
  // The key first: what an interruption leaves behind is refused as incomplete or not matching, never half used.
  await writeFileDurably(keyFile, ca.keyPem, { mode: PRIVATE_FILE_MODE });
  await writeFileDurably(certFile, ca.certPem);
  return { certFile, keyFile };
}

/** The directory of the CA that comes with lanspread, for open parties. */
export const SHIPPED_CA_DIR: string = fileURLToPath(new URL("../../../../certs", import.meta.url));

/**
 * Reads a party CA, and checks that it can sign: that the key belongs to the certificate, and that the certificate is
 * one of a CA.
 *
 * @param dir default: the CA that comes with lanspread.
 * @throws PeerError `party-ca-invalid`, `no-such-file`, `no-permission`, naming the file.
 */
export async function loadPartyCa(dir: string = SHIPPED_CA_DIR): Promise<PartyCa> {
  const certFile = join(dir, CA_CERT_NAME);
  const keyFile = join(dir, CA_KEY_NAME);
  const ca: PartyCa = { certPem: await readPem(certFile), keyPem: await readPem(keyFile) };
  const { certificate } = await openPartyCa(ca, { certFile, keyFile });
  if (!certificate.ca) {
    throw new PeerError("party-ca-invalid", `${certFile} is no certificate of a certificate authority`);
  }
  return ca;
}

/** A party CA whose halves were parsed and belong together. */
export interface OpenPartyCa extends KeyPair {
  readonly certificate: X509Certificate;
}

/**
 * Parses both halves of a party CA and checks that they belong together.
 *
 * @throws PeerError `party-ca-invalid`.
 */
export async function openPartyCa(
  ca: PartyCa,
  names: { readonly certFile: string; readonly keyFile: string } = {
    certFile: "the party's certificate",
    keyFile: "the party's key",
  },
): Promise<OpenPartyCa> {
  let certificate: X509Certificate;
  let pair: KeyPair;
  try {
    certificate = new X509Certificate(ca.certPem);
  } catch (cause) {
    throw new PeerError("party-ca-invalid", `${names.certFile} is no certificate`, { cause });
  }
  try {
    pair = await importKeyPair(ca.keyPem);
  } catch (cause) {
    throw new PeerError("party-ca-invalid", `${names.keyFile} is no P-256 key`, { cause });
  }
  const spki = await webcrypto.subtle.exportKey("spki", pair.keys.publicKey);
  if (!Buffer.from(spki).equals(spkiOf(certificate.raw))) {
    throw new PeerError("party-ca-invalid", `${names.keyFile} does not belong to ${names.certFile}`);
  }
  return { ...pair, certificate };
}

async function readPem(path: string): Promise<string> {
  try {
    const { size } = await stat(path);
    if (size > MAX_PEM_BYTES) {
      throw new PeerError("party-ca-invalid", `${path} has ${size} bytes: that is no PEM file of a party CA`);
    }
    return await readFile(path, "utf8");
  } catch (error) {
    if (errnoOf(error) === "ENOENT") {
      throw new PeerError("no-such-file", `The party CA's file ${path} is not there.`, {
        cause: error,
        hint: "Check the folder: it must be the one that lanspread certs rotate made, or a copy of it.",
      });
    }
    throw fromNodeError(error, path);
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (errnoOf(error) === "ENOENT" || errnoOf(error) === "ENOTDIR") return false;
    throw fromNodeError(error, path);
  }
}
