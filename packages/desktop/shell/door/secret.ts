import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { SECRET_BYTES } from "../constants.ts";

/** A new secret, in characters that need no quoting anywhere. */
export function createSecret(): string {
  return randomBytes(SECRET_BYTES).toString("base64url");
}

/** Whether two secrets are the same; how long that takes says nothing of them. */
export function isSameSecret(a: string, b: string): boolean {
  return timingSafeEqual(digest(a), digest(b));
}

function digest(secret: string): Buffer {
  return createHash("sha256").update(secret).digest();
}
