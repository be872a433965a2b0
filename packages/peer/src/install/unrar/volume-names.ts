/**
 * Names of the volumes of a set. The library makes up the name of the next volume from that of the current one; where
 * the first one is called `.eti`, its old scheme gives `.e00` for what is called `.r00`.
 */

/** The names under which a volume may lie that the library calls `name`, the likeliest first. */
export function volumeCandidates(name: string): readonly string[] {
  const old = oldSchemeName(name);
  return old === undefined ? [name] : [name, old];
}

/** The volume to complain about, when none of the names that the library tried was there. */
export function missingVolumeName(tried: readonly string[]): string {
  const numbered = tried.find((name) => PART.test(name));
  if (numbered !== undefined) return numbered;
  const old = tried.map(oldSchemeName).find((name) => name !== undefined);
  return old ?? tried[0] ?? "the next volume";
}

const PART = /\.part\d+\.[^.]+$/iu;
/** `.eti` with its last two letters counted up: `.e00` to `.e99`, then `.f00` and so on. */
const COUNTED = /\.([e-m])(\d\d)$/iu;
const FROM_E_TO_R = "r".charCodeAt(0) - "e".charCodeAt(0);

function oldSchemeName(name: string): string | undefined {
  const match = COUNTED.exec(name);
  const [, letter, digits] = match ?? [];
  if (match === null || letter === undefined || digits === undefined) return undefined;
  const counted = String.fromCharCode(letter.charCodeAt(0) + FROM_E_TO_R);
  return `${name.slice(0, match.index)}.${counted}${digits}`;
}
