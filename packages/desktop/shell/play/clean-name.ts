import { MAX_NAME_CHARACTERS } from "./constants.ts";

/** What shells, scripts and settings files give a meaning to, and what separates paths. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}"'`$%^&|<>()[\]{}!;*?~#=,\\/:]/gu;

/** Whoever has no name that can be used. */
const NOBODY = "Player";

/** A player's name as games get it: as an argument of a script and in files. */
export function cleanName(name: string): string {
  const safe = name.normalize("NFC").replace(UNSAFE, "").replace(/\s+/gu, " ").trim();
  // A first hyphen would make it an option.
  const short = [...safe.replace(/^-+/u, "")].slice(0, MAX_NAME_CHARACTERS).join("").trim();
  return short === "" ? NOBODY : short;
}
