import { createHash } from "node:crypto";

/** Names the digest of a file that seals itself. */
export interface Sealed {
  /** SHA-256 (hexadecimal) of the JSON of the other fields, in their order. */
  readonly sha256: string;
}

/**
 * The JSON of a file with a digest of itself as its last field: for files in which one flipped bit that still makes sense
 * would lead to a wrong deletion, or to a wrong answer to others.
 */
export function seal(file: object): string {
  return JSON.stringify({ ...file, sha256: digestOf(file) } satisfies Sealed);
}

/** Whether the fields, in the order in which they were written, are those that were sealed. */
export function isSealed({ sha256, ...file }: Sealed): boolean {
  return digestOf(file) === sha256;
}

function digestOf(file: object): string {
  return createHash("sha256").update(JSON.stringify(file)).digest("hex");
}
