import type { Version } from "../platforms.ts";

/** What the head of a program or library says of itself. */
export interface Executable {
  readonly format: "elf" | "pe" | "mach-o";
  readonly processor: "x64" | "arm64" | "other";
  /** Libraries that the system has to find. For Linux none are listed: `ldd` knows. */
  readonly libraries: readonly string[];
  /** The oldest glibc or macOS that it is for; null where it does not say so. */
  readonly oldest: Version | null;
  /** Whether it carries a signature: macOS on Apple silicon runs nothing without one. */
  readonly isSigned: boolean;
}

/**
 * Reads the head of a program or library for Linux (ELF), Windows (PE) or macOS (Mach-O with one processor).
 *
 * @returns null for what is none of these
 * @throws RangeError where it is cut off
 */
export function readExecutable(bytes: Buffer): Executable | null {
  if (bytes.length < 64) return null;
  if (bytes.readUInt32BE(0) === ELF_MAGIC) return readElf(bytes);
  if (bytes.readUInt16BE(0) === DOS_MAGIC) return readPe(bytes);
  if (bytes.readUInt32LE(0) === MACH_O_64_MAGIC) return readMachO(bytes);
  return null;
}

const ELF_MAGIC = 0x7f454c46;
const EM_X86_64 = 62;
const EM_AARCH64 = 183;

/** System V ABI, chapter 4: `e_machine` is at 18. */
function readElf(bytes: Buffer): Executable {
  const machine = bytes.readUInt16LE(18);
  const processor = machine === EM_X86_64 ? "x64" : machine === EM_AARCH64 ? "arm64" : "other";
  return { format: "elf", processor, libraries: [], oldest: newestGlibc(bytes), isSigned: false };
}

const GLIBC = "GLIBC_";
/** Room for two numbers behind the name. */
const GLIBC_CHARACTERS = 16;

/** Versions of symbols are named in the table of strings, such as `GLIBC_2.34`; the newest one has to be there. */
function newestGlibc(bytes: Buffer): Version | null {
  let newest: Version | null = null;
  for (let at = bytes.indexOf(GLIBC); at >= 0; at = bytes.indexOf(GLIBC, at + 1)) {
    const text = bytes.toString("latin1", at, at + GLIBC_CHARACTERS);
    const [, major, minor] = /^GLIBC_(\d+)\.(\d+)[.\0]/u.exec(text) ?? [];
    if (major === undefined || minor === undefined) continue;
    const version: Version = [Number(major), Number(minor)];
    if (newest === null || isNewer(version, newest)) newest = version;
  }
  return newest;
}

/** Whether a version comes after another. */
export function isNewer([major, minor]: Version, [thanMajor, thanMinor]: Version): boolean {
  return major > thanMajor || (major === thanMajor && minor > thanMinor);
}

const DOS_MAGIC = 0x4d5a;
const PE_MAGIC = 0x00004550;
const IMAGE_FILE_MACHINE_AMD64 = 0x8664;
const IMAGE_FILE_MACHINE_ARM64 = 0xaa64;
const SECTION_BYTES = 40;
const IMPORT_ENTRY_BYTES = 20;
/** Optional header of 64-bit images: where the table of data directories begins. */
const DIRECTORIES_AT = 112;
const IMPORT_DIRECTORY = 1;
const CERTIFICATE_DIRECTORY = 4;

/** PE Format (Microsoft): headers, sections, and the import directory table. */
function readPe(bytes: Buffer): Executable | null {
  const at = bytes.readUInt32LE(0x3c);
  if (bytes.readUInt32LE(at) !== PE_MAGIC) return null;
  const machine = bytes.readUInt16LE(at + 4);
  const sectionCount = bytes.readUInt16LE(at + 6);
  const optional = at + 24;
  const sections = optional + bytes.readUInt16LE(at + 20);
  const directory = (index: number): number => bytes.readUInt32LE(optional + DIRECTORIES_AT + 8 * index);
  const fileOffset = (address: number): number => {
    for (let index = 0; index < sectionCount; index++) {
      const section = sections + SECTION_BYTES * index;
      const start = bytes.readUInt32LE(section + 12);
      const size = Math.max(bytes.readUInt32LE(section + 8), bytes.readUInt32LE(section + 16));
      if (address >= start && address < start + size) {
        return address - start + bytes.readUInt32LE(section + 20);
      }
    }
    throw new RangeError(`no section has the address ${address}`);
  };
  const libraries: string[] = [];
  for (let entry = fileOffset(directory(IMPORT_DIRECTORY)); ; entry += IMPORT_ENTRY_BYTES) {
    const name = bytes.readUInt32LE(entry + 12);
    if (name === 0) break;
    const from = fileOffset(name);
    libraries.push(bytes.toString("latin1", from, bytes.indexOf(0, from)));
  }
  return {
    format: "pe",
    processor:
      machine === IMAGE_FILE_MACHINE_AMD64 ? "x64" : machine === IMAGE_FILE_MACHINE_ARM64 ? "arm64" : "other",
    libraries,
    oldest: null,
    isSigned: directory(CERTIFICATE_DIRECTORY) !== 0,
  };
}

const MACH_O_64_MAGIC = 0xfeedfacf;
const CPU_TYPE_X86_64 = 0x01000007;
const CPU_TYPE_ARM64 = 0x0100000c;
const MACH_O_64_HEADER_BYTES = 32;
const LC_CODE_SIGNATURE = 0x1d;
const LC_BUILD_VERSION = 0x32;
/** `LC_LOAD_DYLIB`, `LC_LOAD_WEAK_DYLIB` and `LC_REEXPORT_DYLIB`, of which the last two carry `LC_REQ_DYLD`. */
const LOADS_LIBRARY = [0xc, 0x80000018, 0x8000001f];

/** `mach-o/loader.h`: the load commands behind the header. */
function readMachO(bytes: Buffer): Executable {
  const cpu = bytes.readUInt32LE(4);
  const count = bytes.readUInt32LE(16);
  const libraries: string[] = [];
  let isSigned = false;
  let oldest: Version | null = null;
  for (let index = 0, at = MACH_O_64_HEADER_BYTES; index < count; index++, at += bytes.readUInt32LE(at + 4)) {
    const command = bytes.readUInt32LE(at);
    if (command === LC_CODE_SIGNATURE) isSigned = true;
    // `minos`: sixteen bits of the major number, eight of the minor one, eight of the patch.
    if (command === LC_BUILD_VERSION) oldest = [bytes.readUInt16LE(at + 14), bytes.readUInt8(at + 13)];
    if (LOADS_LIBRARY.includes(command)) {
      const from = at + bytes.readUInt32LE(at + 8);
      libraries.push(bytes.toString("latin1", from, bytes.indexOf(0, from)));
    }
  }
  const processor = cpu === CPU_TYPE_ARM64 ? "arm64" : cpu === CPU_TYPE_X86_64 ? "x64" : "other";
  return { format: "mach-o", processor, libraries, oldest, isSigned };
}
