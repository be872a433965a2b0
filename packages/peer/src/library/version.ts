import { type GameVersion, isGameVersion } from "@lanspread/proto";

/**
 * The canonical form of a version made of digits and dots: the digits alone, so that `2018.04.12` and `20180412` are one
 * version. Null when the text is anything else, or has more digits than a version may have.
 */
export function canonicalVersion(text: string): GameVersion | null {
  if (!/^[0-9.]+$/u.test(text)) return null;
  const digits = text.replaceAll(".", "");
  return isGameVersion(digits) ? digits : null;
}

/** A canonical version as people read it: `YYYY.MM.DD` where it has eight digits. */
export function formatVersion(version: GameVersion): string {
  return version.length === 8 ? `${version.slice(0, 4)}.${version.slice(4, 6)}.${version.slice(6)}` : version;
}
