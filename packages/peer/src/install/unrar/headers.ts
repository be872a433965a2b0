import { quoteName, UnpackFailure } from "./failure.ts";
import type { RawEntry } from "./messages.ts";
import { ENTRY_FLAG, type Header } from "./unrar-module.ts";

/** Systems whose entries carry a Unix mode; the others carry Windows attributes. */
const UNIX_HOSTS = new Set([3, 5]);
const TYPE_MASK = 0xf000;
const TYPE_REGULAR = 0x8000;
const TYPE_DIRECTORY = 0x4000;
const OWNER_MAY_EXECUTE = 0o100;
const REPARSE_POINT = 0x400;
/** Characters at which the library cuts a name without a word: one that long may be another entry's, or end elsewhere. */
const CUT_NAME_LENGTH = 1024;

/**
 * What a header says about an entry.
 *
 * @throws UnpackFailure for what is refused whatever its path is: names that may be cut, encrypted entries, links, devices, files of unknown
 *   size.
 */
export function readHeader(archive: string, header: Header): RawEntry {
  const { name, flags, unpSize, fileAttr } = header;
  const refuse = (why: string): never => {
    throw new UnpackFailure("archive-unsupported", `${archive}: ${quoteName(name)} ${why}`);
  };
  if (name.length >= CUT_NAME_LENGTH) {
    throw new UnpackFailure("archive-unsafe-path", `${archive}: ${quoteName(name)} is too long a name`);
  }
  if ((flags & ENTRY_FLAG.encrypted) !== 0) throw passwordNeeded(archive, name);
  const isUnix = UNIX_HOSTS.has(header.hostOS);
  const type = isUnix ? fileAttr & TYPE_MASK : 0;
  if (type !== 0 && type !== TYPE_REGULAR && type !== TYPE_DIRECTORY) {
    refuse(type === 0xa000 ? "is a link, which is refused" : "is a device, pipe or socket, which is refused");
  }
  if (!isUnix && (fileAttr & REPARSE_POINT) !== 0) refuse("is a link, which is refused");
  const isDirectory = (flags & ENTRY_FLAG.directory) !== 0;
  const isSplit = (flags & (ENTRY_FLAG.splitBefore | ENTRY_FLAG.splitAfter)) !== 0;
  if (!isDirectory && !Number.isSafeInteger(unpSize)) refuse("has no size in its header");
  return {
    name: flat(name),
    type: isDirectory ? "directory" : "file",
    size: isDirectory ? 0 : unpSize,
    mtime: fromDosTime(header.time),
    crc32: isDirectory || isSplit ? null : header.crc >>> 0,
    executable: isUnix && !isDirectory && (fileAttr & OWNER_MAY_EXECUTE) !== 0,
  };
}

/** The library makes names character by character, and the engine keeps each step: 1 KB a name, where a copy has one piece. */
function flat(name: string): string {
  return Buffer.from(name, "utf16le").toString("utf16le");
}

export function passwordNeeded(archive: string, name?: string): UnpackFailure {
  const what = name === undefined ? archive : `${archive}: ${quoteName(name)}`;
  return new UnpackFailure("archive-password", `${what} needs a password`);
}

/** The library ends a name at a NUL, and at what is no UTF-8, without a word: the rules for paths would see another name. */
export function nameMisread(archive: string, name: string, readAs: string): UnpackFailure {
  return new UnpackFailure(
    "archive-unsafe-path",
    `${archive}: ${quoteName(name)} has something in it that is no part of a name, and would become ${quoteName(readAs)}`,
  );
}

export function referenceRefused(archive: string, name: string): UnpackFailure {
  return new UnpackFailure(
    "archive-unsupported",
    `${archive}: ${quoteName(name)} is a link or a reference to another entry, which is refused`,
  );
}

/** The year, counted from 1980, of what the library makes of no time at all in RAR 4: the end of 1979, cut to seven bits. */
const YEAR_OF_NO_TIME = 127;

/** Milliseconds since 1970 of a time as MS-DOS packs it: local time in steps of two seconds. */
function fromDosTime(time: number): number | null {
  const bits = (from: number, count: number): number => (time >>> from) & ((1 << count) - 1);
  if (time === 0 || bits(25, 7) === YEAR_OF_NO_TIME) return null;
  const at = new Date(
    1980 + bits(25, 7),
    bits(21, 4) - 1,
    bits(16, 5),
    bits(11, 5),
    bits(5, 6),
    bits(0, 5) * 2,
  );
  return at.getTime();
}
