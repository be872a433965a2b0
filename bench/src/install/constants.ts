const KIB = 1024;
const MIB = 1024 * KIB;
const GIB = 1024 * MIB;

/** Most memory that a peer may ever have resident while it sends or receives a streamed install, in MB. */
export const BAR_STREAM_RSS_MB = 150;

/** A streamed install against a download and the install behind it: it writes half as much. */
export const BAR_STREAM_TIME = 1;

/** The most disk that a streamed install may take, against the size of the game unpacked. */
export const BAR_STREAM_DISK = 1.05;

/**
 * Unpacking stored data against the fastest other program that is there, which does little more than copy. Every byte goes into
 * WebAssembly and out again, and has its checksum made there: faster than any disk that games are on is enough.
 */
export const BAR_STORED = 0.2;

/** The same of compressed data, where everybody has to work: what WebAssembly may cost against machine code. */
export const BAR_COMPRESSED = 0.4;

/** One entry of the compressed archive: larger than the dictionary, and made in two seconds. */
const PACKED_ENTRY_BYTES = 32 * MIB;

/** Small files are so large: configuration, sounds and textures of games. */
export const SMALL_FILE_BYTES = 64 * KIB;
export const FILES_PER_FOLDER = 100;

/** How often the disk that a game takes is looked at while it is installed, ms. */
export const LOOK_INTERVAL_MS = 50;

/** Share of a disk's free space that the huge stream may take at most. */
export const HUGE_STREAM_SHARE = 0.4;

/** Lanes of the peers that are compared: what moves most over 127.0.0.1 on a few processors. */
export const LANES = 1;

/** Lanes of those that a huge stream is measured with: as many as a peer has by default on four processors. */
export const HUGE_LANES = 3;

export interface Amounts {
  readonly rounds: number;
  readonly storedBytes: number;
  readonly smallFiles: number;
  /** Of {@link Amounts.packedEntryBytes} each. */
  readonly packedEntries: number;
  readonly packedEntryBytes: number;
  /** Of the game that is installed both ways. */
  readonly gameBytes: number;
  /** Of the game whose stream is far larger than the memory that peers may take. */
  readonly hugeBytes: number;
}

export const FULL: Amounts = {
  rounds: 5,
  storedBytes: 2 * GIB,
  smallFiles: 5_000,
  packedEntries: 16,
  packedEntryBytes: PACKED_ENTRY_BYTES,
  gameBytes: GIB,
  hugeBytes: 4 * GIB,
};

/** Just enough to see that everything runs. */
export const SHORT: Amounts = {
  rounds: 1,
  storedBytes: 8 * MIB,
  smallFiles: 20,
  packedEntries: 2,
  packedEntryBytes: MIB,
  gameBytes: 8 * MIB,
  hugeBytes: 32 * MIB,
};
