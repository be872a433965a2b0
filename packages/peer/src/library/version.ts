/**
 * Game versions. The canonical form is the digits alone: `2018.04.12` and `20180412` are one version.
 */

/** Longest canonical version, in digits: a date and a time have 14. */
export const MAX_VERSION_DIGITS = 32;

/** The canonical form of a version made of digits and dots; null when it is anything else. */
export function canonicalVersion(text: string): string | null {
  if (!/^[0-9.]+$/u.test(text)) return null;
  const digits = text.replaceAll(".", "");
  return digits.length === 0 || digits.length > MAX_VERSION_DIGITS ? null : digits;
}

/** Compares two canonical versions as numbers: negative when `a` is the older one. */
export function compareVersions(a: string, b: string): number {
  const left = a.replace(/^0+/u, "");
  const right = b.replace(/^0+/u, "");
  if (left.length !== right.length) return left.length - right.length;
  return left < right ? -1 : left > right ? 1 : 0;
}

/** A canonical version as people read it: `YYYY.MM.DD` where it has eight digits. */
export function formatVersion(version: string): string {
  return version.length === 8 ? `${version.slice(0, 4)}.${version.slice(4, 6)}.${version.slice(6)}` : version;
}
