import type { GameVersion } from "@lanspread/proto";

/** Whether a version is newer than another one: digits, compared as numbers however long they are. */
export function isNewer(version: GameVersion, than: GameVersion): boolean {
  const [left, right] = [withoutZeros(version), withoutZeros(than)];
  return left.length === right.length ? left > right : left.length > right.length;
}

export function isSameVersion(a: GameVersion, b: GameVersion): boolean {
  return withoutZeros(a) === withoutZeros(b);
}

/** The newest of them; null where there is none. */
export function newestOf(versions: Iterable<GameVersion | null>): GameVersion | null {
  let newest: GameVersion | null = null;
  for (const version of versions) {
    if (version !== null && (newest === null || isNewer(version, newest))) newest = version;
  }
  return newest;
}

function withoutZeros(version: GameVersion): string {
  return version.replace(/^0+/u, "");
}
