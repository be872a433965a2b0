import type { Address } from "../types.ts";
import { RETRY_TOKEN_LIFETIME_MS } from "./constants.ts";

/** Keyed digest over the parts, at least 16 bytes long; the key never leaves the endpoint. */
export type TokenMac = (parts: Uint8Array) => Uint8Array;

const TIME_BYTES = 6;
const MAC_BYTES = 16;
const TEXT = new TextEncoder();

/**
 * A Retry token (RFC 9000, 8.1.2): what the server has to know again, and a digest that ties it to the sender's address and to the
 * connection id of the Retry. The server keeps nothing.
 *
 * Layout: creation time (6 bytes, ms) | digest (16 bytes) | original destination id.
 */
export function mintRetryToken(
  mac: TokenMac,
  from: Address,
  originalId: Uint8Array,
  retryId: Uint8Array,
  nowMs: number,
): Uint8Array {
  const token = new Uint8Array(TIME_BYTES + MAC_BYTES + originalId.length);
  writeTime(token, nowMs);
  token.set(originalId, TIME_BYTES + MAC_BYTES);
  token.set(digest(mac, token, from, retryId), TIME_BYTES);
  return token;
}

/** Returns the original destination id, or null for a token that is not ours, not for this sender, or too old. */
export function openRetryToken(
  mac: TokenMac,
  from: Address,
  token: Uint8Array,
  retryId: Uint8Array,
  nowMs: number,
): Uint8Array | null {
  if (token.length <= TIME_BYTES + MAC_BYTES) return null;
  const age = nowMs - readTime(token);
  if (age < 0 || age > RETRY_TOKEN_LIFETIME_MS) return null;
  const expected = digest(mac, token, from, retryId);
  let difference = 0;
  for (let i = 0; i < MAC_BYTES; i++) difference |= (expected[i] ?? 0) ^ (token[TIME_BYTES + i] ?? 0);
  return difference === 0 ? token.slice(TIME_BYTES + MAC_BYTES) : null;
}

function digest(mac: TokenMac, token: Uint8Array, from: Address, retryId: Uint8Array): Uint8Array {
  const address = TEXT.encode(`${from.host} ${from.port}`);
  const originalId = token.subarray(TIME_BYTES + MAC_BYTES);
  const parts = new Uint8Array(TIME_BYTES + 2 + originalId.length + retryId.length + address.length);
  parts.set(token.subarray(0, TIME_BYTES));
  parts[TIME_BYTES] = originalId.length;
  parts[TIME_BYTES + 1] = retryId.length;
  parts.set(originalId, TIME_BYTES + 2);
  parts.set(retryId, TIME_BYTES + 2 + originalId.length);
  parts.set(address, TIME_BYTES + 2 + originalId.length + retryId.length);
  return mac(parts).subarray(0, MAC_BYTES);
}

function writeTime(token: Uint8Array, nowMs: number): void {
  let rest = Math.floor(nowMs);
  for (let i = TIME_BYTES - 1; i >= 0; i--) {
    token[i] = rest % 256;
    rest = Math.floor(rest / 256);
  }
}

function readTime(token: Uint8Array): number {
  let time = 0;
  for (let i = 0; i < TIME_BYTES; i++) time = time * 256 + (token[i] ?? 0);
  return time;
}
