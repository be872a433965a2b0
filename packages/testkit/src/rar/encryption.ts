import { type Cipheriv, createCipheriv, pbkdf2Sync, randomBytes } from "node:crypto";
import { vint } from "./rar5-blocks.ts";

/** AES works on blocks of this many bytes; the data area of an encrypted entry is padded to a multiple. */
export const AES_BLOCK_BYTES = 16;

/** Binary logarithm of the rounds of key derivation: small, since the archives are for tests. */
const KDF_LOG2 = 4;
const AES_256 = 0;
const NO_FLAGS = 0;

/** Encryption of one entry as RAR 5.0 does it: AES-256 in CBC mode, key from PBKDF2 with HMAC-SHA-256. */
export interface EntryEncryption {
  /** Fields of the record that the entry's header carries. */
  readonly parameters: Uint8Array;
  readonly cipher: Cipheriv;
}

/** Fresh salt and vector for one entry. The cipher pads nothing: give it whole blocks. */
export function encryptEntry(password: string): EntryEncryption {
  const salt = randomBytes(16);
  const vector = randomBytes(AES_BLOCK_BYTES);
  const key = pbkdf2Sync(password, salt, 2 ** KDF_LOG2, 32, "sha256");
  return {
    parameters: Buffer.concat([vint(AES_256), vint(NO_FLAGS), Uint8Array.of(KDF_LOG2), salt, vector]),
    cipher: createCipheriv("aes-256-cbc", key, vector).setAutoPadding(false),
  };
}
