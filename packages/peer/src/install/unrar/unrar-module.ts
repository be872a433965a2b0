import { getUnrar } from "node-unrar-js/dist/js/unrar.singleton.js";
import { type CompiledCode, webAssembly } from "./shared-code.ts";

/**
 * The compiled UnRAR library, as far as it is used here. `node-unrar-js` wraps it in classes that leave out the
 * attributes of entries (which tell links) and the flags of volumes, so this goes one floor below them.
 */
export interface UnrarModule {
  readonly RarArchive: new () => RarArchive;
  /** The library's memory. It is another object after the memory has grown: never keep it. */
  readonly HEAPU8: Uint8Array;
  /** Where the library reads and writes. */
  extractor: FileCalls;
}

/** An open archive. The order of calls: open, then again and again header and file, then delete. */
export interface RarArchive {
  open(path: string, password: string, listOnly: boolean): { readonly state: State; readonly flags: number };
  getFileHeader(): Header;
  /** Unpacks the entry of the last header, or passes over it. */
  readFile(skip: boolean): State;
  delete(): void;
}

interface State {
  /** One of {@link RESULT}. */
  readonly errCode: number;
}

export interface Header {
  readonly state: State;
  readonly name: string;
  readonly flags: number;
  readonly unpSize: number;
  /** A checksum of some kind; of an entry that goes over volumes, that of what is in the first one. */
  readonly crc: number;
  readonly hostOS: number;
  /** MS-DOS date and time in local time; 0 where the archive has none. */
  readonly time: number;
  readonly method: number;
  /** Unix mode or Windows attributes, by `hostOS`. */
  readonly fileAttr: number;
  readonly unpVer: number;
}

/**
 * What {@link FileCalls.open} returns where there is no such file. The library knows it as the 64-bit number -1; the code
 * between it and JavaScript takes handles apart into two halves of 32 bits, each rounded towards zero.
 */
export const NO_FILE = -(2 ** 32) - 1;

/** The calls that the library makes. A handle is a number above 0. */
export interface FileCalls {
  open(name: string): number;
  create(name: string): number;
  close(handle: number): void;
  /** Reads to address `at` of the library's memory. Returns how many bytes, 0 at the end. */
  read(handle: number, at: number, length: number): number;
  write(handle: number, at: number, length: number): boolean;
  tell(handle: number): number;
  seek(handle: number, offset: number, from: "CUR" | "SET" | "END"): boolean;
}

/** Results of the library's calls (dll.hpp of UnRAR). */
export const RESULT = {
  ok: 0,
  endOfArchive: 10,
  noMemory: 11,
  badData: 12,
  badArchive: 13,
  unknownFormat: 14,
  cannotOpen: 15,
  missingPassword: 22,
  badReference: 23,
  badPassword: 24,
} as const;

/** Flags of an archive (ROADF_…). */
export const ARCHIVE_FLAG = {
  volume: 0x0001,
  solid: 0x0008,
  headersEncrypted: 0x0080,
  firstVolume: 0x0100,
} as const;

/** Flags of an entry (RHDF_…). */
export const ENTRY_FLAG = { splitBefore: 0x01, splitAfter: 0x02, encrypted: 0x04, directory: 0x20 } as const;

/** @param code the library, compiled by the thread that has started this one */
export async function loadUnrar(code: CompiledCode): Promise<UnrarModule> {
  // Emscripten's hook for who brings the code.
  const instantiateWasm = (imports: object, done: (instance: object) => void): object => {
    done(new webAssembly.Instance(code, imports));
    return {};
  };
  return (await getUnrar({ instantiateWasm } as object)) as UnrarModule;
}
