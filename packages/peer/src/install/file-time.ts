/**
 * Times of files that every file system stores, milliseconds since 1970: from 1901 to 2106. What lies outside is moved to the nearer end:
 * an archive may say any time from 1601 on, and a source of a stream any at all.
 */
const EARLIEST_MTIME = -(2 ** 31) * 1000;
const LATEST_MTIME = 2 ** 32 * 1000;

/** The time that a file can have, nearest to this one: milliseconds since 1970. */
export function storableTime(mtime: number): number {
  return Math.min(Math.max(mtime, EARLIEST_MTIME), LATEST_MTIME);
}

/** A file's time as Node's calls are given it: what is a number below 0 they take for now. */
export function fileTime(mtime: number): Date {
  return new Date(mtime);
}
