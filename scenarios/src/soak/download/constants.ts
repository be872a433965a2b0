const MIB = 1_048_576;

/** What `soak download` does where nothing else is asked for. */
export const DEFAULT_KILLS = 200;
export const DEFAULT_MIB = 256;

export const MOST_KILLS = 100_000;
/** A game of which 5 % is more than what is on its way at any moment; and one that fits on a disk. */
export const LEAST_MIB = 64;
export const MOST_MIB = 16_384;

/**
 * Share of a game that may be lost again in a download, however often it is killed: pieces that the receiver had said to be
 * verified and does not find when it goes on. A kill is no power cut: what was written stays, flushed or not.
 */
export const LOST_SHARE = 0.05;

/** Lanes of every peer, so that the next figure does not depend on the machine. */
export const LANES = 2;

/**
 * Bytes that may be on their way at a time: two sources with two lanes each that send two units of 8 MiB at a time, of which
 * the streams' windows let all be sent before a piece has come whole. They are sent again when the receiver is killed, and
 * near the end of a download, when an idle source is asked for what the other one has not sent yet.
 */
export const ON_THE_WAY_BYTES = 2 * LANES * 2 * 8 * MIB;

/** Only a life that fetched at least this share of the game says how long a whole download takes. */
export const TELLING_SHARE = 0.2;

/** How long a process may take until it listens, ms, on a busy machine. */
export const READY_DEADLINE_MS = 60_000;

/** How long peers may take to know what others have, ms; also to hash what the sources have. */
export const KNOWN_DEADLINE_MS = 60_000;

/** How long a whole download may take, ms: longer is a hang. */
export const DOWNLOAD_DEADLINE_MS = 180_000;

/** Copies of the game on the disk: two sources and a receiver. */
export const COPIES = 3;
/** Room beside the copies, bytes: the old version, states and logs. */
export const NEEDED_BESIDE_BYTES = 256 * MIB;
