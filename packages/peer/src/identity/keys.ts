import { webcrypto } from "node:crypto";
import { KEY_ALGORITHM } from "./constants.ts";
import { decodePrivateKey, encodePrivateKey } from "./pem.ts";

/** A P-256 key pair, and its private half as PKCS #8 in PEM, which is what the TLS library takes. */
export interface KeyPair {
  readonly keys: webcrypto.CryptoKeyPair;
  readonly keyPem: string;
}

/** Makes a new key pair. */
export async function generateKeyPair(): Promise<KeyPair> {
  const keys = await webcrypto.subtle.generateKey(KEY_ALGORITHM, true, ["sign", "verify"]);
  const pkcs8 = await webcrypto.subtle.exportKey("pkcs8", keys.privateKey);
  return { keys, keyPem: encodePrivateKey(pkcs8) };
}

/**
 * Reads a private P-256 key, and works out its public half.
 *
 * @throws whatever the parser throws when `keyPem` is no such key.
 */
export async function importKeyPair(keyPem: string): Promise<KeyPair> {
  const pkcs8 = decodePrivateKey(keyPem);
  const privateKey = await webcrypto.subtle.importKey("pkcs8", pkcs8, KEY_ALGORITHM, true, ["sign"]);
  const { d: _, key_ops: __, ...jwk } = await webcrypto.subtle.exportKey("jwk", privateKey);
  const publicKey = await webcrypto.subtle.importKey("jwk", jwk, KEY_ALGORITHM, true, ["verify"]);
  return { keys: { privateKey, publicKey }, keyPem };
}
