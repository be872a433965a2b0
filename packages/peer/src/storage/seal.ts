import { hash } from "node:crypto";

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
  return sealText(JSON.stringify(file));
}

/** The same of a file whose other fields are JSON already: an object that is not empty. */
export function sealText(json: string): string {
  return `${json.slice(0, -1)},"sha256":"${digestOfText(json)}"}`;
}

/** Whether the fields, in the order in which they were written, are those that were sealed. */
export function isSealed({ sha256, ...file }: Sealed): boolean {
  return digestOf(file) === sha256;
}

/**
 * The same of a file's text, just as {@link seal} wrote it, without making sense of it: a tenth of the work where the
 * file is large.
 */
export function isSealedText(text: string): boolean {
  const [tail, sha256] = TAIL.exec(text.slice(-TAIL_CHARACTERS)) ?? [];
  if (tail === undefined) return false;
  return digestOfText(`${text.slice(0, -TAIL_CHARACTERS)}}`) === sha256;
}

/** How a sealed text ends. */
const TAIL = /^,"sha256":"([0-9a-f]{64})"\}$/u;
const TAIL_CHARACTERS = ',"sha256":"'.length + 64 + '"}'.length;

function digestOf(file: object): string {
  return digestOfText(JSON.stringify(file));
}

function digestOfText(json: string): string {
  return hash("sha256", json, "hex");
}
