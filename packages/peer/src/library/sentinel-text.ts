import type { GameVersion } from "@lanspread/proto";
import { canonicalVersion } from "./version.ts";

/** What the text of a `version.ini` says. */
export type SentinelText =
  | { readonly ok: true /** Canonical. */; readonly version: GameVersion }
  | {
      readonly ok: false /** The end of a sentence that begins with the file's name. */;
      readonly reason: string;
    };

/**
 * Reads the version out of the text of a `version.ini`: the first line that is not empty, no comment (`;` or `#`) and no
 * section header, with an optional `version=` before it. That line decides: later ones are not looked at.
 */
export function parseSentinel(text: string): SentinelText {
  for (const raw of text.replace(/^\uFEFF/u, "").split(/\r\n|\r|\n/u)) {
    const line = raw.trim();
    if (line === "" || line.startsWith(";") || line.startsWith("#") || /^\[.*\]$/u.test(line)) continue;
    const value = line.replace(/^version\s*=\s*/iu, "");
    const version = canonicalVersion(value);
    if (version !== null) return { ok: true, version };
    return { ok: false, reason: `has no version of digits and dots but ${quote(value)}` };
  }
  return { ok: false, reason: "has no version in it" };
}

/** At most this many characters of a line that is no version are shown. */
const SHOWN_CHARACTERS = 40;

function quote(value: string): string {
  const shown = value.length > SHOWN_CHARACTERS ? `${value.slice(0, SHOWN_CHARACTERS)}…` : value;
  return JSON.stringify(shown);
}
