import { webcrypto } from "node:crypto";
import { chmod } from "node:fs/promises";
import { type PeerId, peerIdFromSpki } from "@lanspread/proto";
import { errnoOf, fromNodeError, PeerError } from "../errors/index.ts";
import { type Logger, silentLogger } from "../logger.ts";
import {
  PRIVATE_FILE_MODE,
  readRegularFile,
  type StateDir,
  setAside,
  writeFileDurably,
} from "../storage/index.ts";
import { MAX_PEM_BYTES } from "./constants.ts";
import { generateKeyPair, importKeyPair, type KeyPair } from "./keys.ts";
import { openPartyCa, type PartyCa } from "./party-ca.ts";
import { issuePeerCertificate, reasonToRenew } from "./peer-certificate.ts";

/** Who this peer is, in the form that the TLS library takes. */
export interface Identity {
  /** Follows from the key: stays the same as long as the key does, whatever the certificate. */
  readonly peerId: PeerId;
  /** PKCS #8. */
  readonly keyPem: string;
  readonly certPem: string;
  /** The certificate that other peers' certificates must be signed by. */
  readonly caPem: string;
}

export interface OpenIdentityOptions {
  readonly stateDir: StateDir;
  readonly partyCa: PartyCa;
  /** Default: the system's clock. */
  readonly now?: Date;
  readonly logger?: Logger;
  readonly signal?: AbortSignal;
}

/**
 * Opens this peer's identity, making what is missing: a key at the first start; a certificate whenever the one that
 * is there is damaged, ends soon, or was signed by another party's CA. The key, and so the peer's id, is kept.
 *
 * A damaged key is set aside as `key.pem.damaged`, and the peer gets a new id: it cannot prove the old one any more.
 *
 * @throws PeerError `party-ca-invalid` (also when the CA has expired), `no-permission`, `disk-full`.
 */
export async function openIdentity(options: OpenIdentityOptions): Promise<Identity> {
  const { stateDir, partyCa, now = new Date(), logger = silentLogger, signal } = options;
  signal?.throwIfAborted();
  const ca = await openPartyCa(partyCa);
  if (ca.certificate.validToDate.getTime() <= now.getTime()) {
    throw new PeerError(
      "party-ca-invalid",
      `the party CA has expired on ${ca.certificate.validToDate.toISOString().slice(0, 10)}`,
      { hint: "Check this machine's date, or make a new party CA with lanspread certs rotate." },
    );
  }
  const pair = await openKey(stateDir, logger);
  signal?.throwIfAborted();
  let certPem = await readText(stateDir.certFile);
  const reason = certPem === undefined ? "there is none yet" : await reasonToRenew(certPem, ca, pair, now);
  if (certPem === undefined || reason !== null) {
    certPem = await issuePeerCertificate(ca, pair, now);
    await writeFileDurably(stateDir.certFile, certPem, { mode: PRIVATE_FILE_MODE });
    logger.info("issued a certificate", { reason });
  }
  const spki = await webcrypto.subtle.exportKey("spki", pair.keys.publicKey);
  return {
    peerId: peerIdFromSpki(new Uint8Array(spki)),
    keyPem: pair.keyPem,
    certPem,
    caPem: partyCa.certPem,
  };
}

async function openKey(stateDir: StateDir, logger: Logger): Promise<KeyPair> {
  const path = stateDir.keyFile;
  const pem = await readText(path);
  if (pem !== undefined) {
    try {
      const pair = await importKeyPair(pem);
      await chmod(path, PRIVATE_FILE_MODE);
      return pair;
    } catch (error) {
      if (errnoOf(error) !== undefined) throw fromNodeError(error, path);
      await setAside(path);
      logger.warn("the key was damaged: this peer gets a new one, and so a new id", { path, error });
    }
  }
  const pair = await generateKeyPair();
  await writeFileDurably(path, pair.keyPem, { mode: PRIVATE_FILE_MODE });
  return pair;
}

/** The text of a file; undefined when it is not there. What is too large to be ours, or no file, counts as damaged. */
async function readText(path: string): Promise<string | undefined> {
  const file = await readRegularFile(path, MAX_PEM_BYTES);
  if (file.status === "missing") return undefined;
  return file.status === "ok" ? file.bytes.toString("utf8") : "";
}
