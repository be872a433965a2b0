/** The programs that can be used, and how they are called. Values in, values out. */

export type ProgramKind = "unrar" | "7-zip";

/** A program that can unpack every kind of RAR archive. */
export interface Program {
  readonly kind: ProgramKind;
  /** Absolute path. */
  readonly path: string;
  /** What it calls itself, with its version. */
  readonly title: string;
}

export const SUPPORTED_PROGRAMS =
  "unrar of RARLAB (5.0 or newer), or a 7-Zip (15.06 or newer) with its RAR codec";

/**
 * What a program says when it is started without arguments.
 *
 * @returns which one it is, or why it cannot be used.
 */
export function readBanner(
  banner: string,
): { readonly kind: ProgramKind; readonly title: string } | { readonly refused: string } {
  const rarlab = /^\s*((?:UN)?RAR) (\d+)\.(\d+).*Alexander Roshal/mu.exec(banner);
  if (rarlab !== null) return atLeast("unrar", rarlab, FIRST_UNRAR);
  const sevenZip = /^\s*(7-Zip)\b.*?\s(\d+)\.(\d+)\b/mu.exec(banner);
  if (sevenZip !== null) return atLeast("7-zip", sevenZip, FIRST_7_ZIP);
  if (/\bunrar-free\b|\bbsdtar\b/u.test(banner)) {
    return {
      refused: "it is built on libarchive, which does not check the checksums and reads one volume only",
    };
  }
  return { refused: "it is no unpacker that is known here" };
}

/** The versions that learned RAR 5. */
const FIRST_UNRAR = [5, 0] as const;
const FIRST_7_ZIP = [15, 6] as const;

function atLeast(
  kind: ProgramKind,
  [, name = "", major = "", minor = ""]: RegExpExecArray,
  [leastMajor, leastMinor]: readonly [number, number],
): { readonly kind: ProgramKind; readonly title: string } | { readonly refused: string } {
  const title = `${name} ${major}.${minor}`;
  const isOlder = Number(major) < leastMajor || (Number(major) === leastMajor && Number(minor) < leastMinor);
  return isOlder ? { refused: `it is ${title}, which is too old for RAR 5` } : { kind, title };
}

/** Whether 7-Zip, by what it answers to {@link INFORMATION}, has the codec of RAR 5: many packages leave it out. */
export function hasRarCodec(information: string): boolean {
  return /^.*\b40305\s+Rar5\s*$/mu.test(information);
}

/** 7-Zip's command that lists formats and codecs. */
export const INFORMATION: readonly string[] = ["i"];

/**
 * Arguments with which the program writes the content of all files to its standard output, in the archive's order and
 * with nothing between them, and complaints to its standard error. It asks for nothing and reads no configuration.
 */
export function printArguments(kind: ProgramKind, archive: string): readonly string[] {
  return kind === "unrar" ? ["p", ...QUIET_UNRAR, archive] : ["x", "-so", ...QUIET_7_ZIP, archive];
}

/** Arguments with which the program compares all content with the archive's checksums. */
export function testArguments(kind: ProgramKind, archive: string): readonly string[] {
  return ["t", ...(kind === "unrar" ? QUIET_UNRAR : ["-bso0", ...QUIET_7_ZIP]), archive];
}

/** Errors only, no configuration, no comment, no password, yes to everything, end of switches. */
const QUIET_UNRAR = ["-idq", "-cfg-", "-c-", "-p-", "-y", "--"];
/** No progress, errors in UTF-8 on standard error, no password, no streams of NTFS, no wildcards, end of switches. */
const QUIET_7_ZIP = ["-bd", "-bsp0", "-bse2", "-sccUTF-8", "-p-", "-y", "-sns-", "-spd", "--"];
