const MIB = 1_048_576;

/** Bytes of the large game's archive content: large enough that rate and ETA mean something. */
export const LARGE_BYTES = 256 * MIB;
/** Sizes of the small game's files: several, in folders, none a multiple of a piece. */
export const SMALL_FILE_BYTES = [18 * MIB + 12_345, 9 * MIB + 1, 4 * MIB - 1, 700_001, 65_537, 1] as const;
/** Archive headers, journals, certificates and logs besides the games' bytes: far below this. */
const OVERHEAD_BYTES = 64 * MIB;
/** Every game is there three times in the end: at its source, downloaded, installed. */
const COPIES = 3;

export const NEEDED_BYTES =
  COPIES * (LARGE_BYTES + SMALL_FILE_BYTES.reduce((sum, bytes) => sum + bytes, 0)) + OVERHEAD_BYTES;

/** Peers that see each other do so within 2 s; a machine busy with other things gets much longer, ms. */
export const DISCOVERY_DEADLINE_MS = 30_000;
/** A whole game at a hundredth of the usual rate would still be in time, ms. */
export const TRANSFER_DEADLINE_MS = 300_000;
