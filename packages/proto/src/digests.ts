import { createHash } from "node:crypto";
import { asPeerId, type GameVersion, type Hash, type PeerId } from "./ids.ts";
import { canonicalManifestBytes, type ManifestFile } from "./manifest.ts";

/** Bytes of a SHA-256 digest. */
export const DIGEST_BYTES = 32;

/** SHA-256 over version, paths and sizes in manifest order. */
export function manifestHash(version: GameVersion, files: readonly ManifestFile[]): Hash {
  return createHash("sha256").update(canonicalManifestBytes(version, files)).digest("hex") as Hash;
}

/**
 * SHA-256 over the manifest_hash (32 raw bytes) and all piece digests in order: pins every byte of a game.
 * @param digests the digests of all pieces, 32 bytes each, in order
 * @throws RangeError where `digests` is no whole number of digests
 */
export function contentId(manifest: Hash, digests: Uint8Array): Hash {
  if (digests.length % DIGEST_BYTES !== 0)
    throw new RangeError(`${digests.length} bytes are no whole number of digests`);
  return createHash("sha256").update(hashBytes(manifest)).update(digests).digest("hex") as Hash;
}

/** Lower-case hexadecimal digits. */
export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex");
}

/** The bytes of a {@link Hash}. */
export function hashBytes(hash: Hash): Uint8Array {
  return Buffer.from(hash, "hex");
}

/** SHA-256 of `bytes`. */
export function sha256(bytes: Uint8Array): Uint8Array {
  return createHash("sha256").update(bytes).digest();
}

/**
 * The peer id of a public key: a UUID of version 8 (RFC 9562 section 5.8) whose free bits are the head of SHA-256 over
 * the SubjectPublicKeyInfo.
 * @param spki SubjectPublicKeyInfo in DER
 */
export function peerIdFromSpki(spki: Uint8Array): PeerId {
  const bytes = sha256(spki).slice(0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = toHex(bytes);
  return asPeerId(
    [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-"),
  );
}
