const KIB = 1024;
const MIB = 1024 * KIB;

/** How often the plan of a download is asked what to do even if nothing has happened, milliseconds: sources stall silently. */
export const PLAN_INTERVAL_MS = 250;

/** Wrong answers after which a source is out of a download. */
export const MAX_STRIKES = 2;

/** Retries per piece over all sources; then the download fails, unless there is a source that was not asked for the piece. */
export const MAX_PIECE_RETRIES = 5;

/** Failed units in a row, without a byte between them, after which a source counts as gone. */
export const MAX_FAILURES_IN_ROW = 3;

/** Pause after a failed unit, milliseconds, times the failures in a row: a lost connection is dialled meanwhile. */
export const RETRY_PAUSE_MS = 200;

/** Longest pause before a source that is busy is asked again, milliseconds: it says when it is done to nobody. */
export const MAX_BUSY_PAUSE_MS = 5_000;

/** Answers "later" in a row, without a byte between them, after which a source counts as gone: some ten minutes, what a long install takes. */
export const MAX_BUSY_IN_ROW = 120;

/** Sources that are out of a download and are remembered at most: others may come, send a byte and leave as often as they like. */
export const MAX_OUT_REMEMBERED = 1_024;

/** Window of the rate that is shown and of each source's rate, milliseconds. */
export const RATE_WINDOW_MS = 5_000;

/** The rate's window is kept in slots of this length, milliseconds. */
export const RATE_SLOT_MS = 100;

/** Without a byte for so long nothing counts as coming: no time left is told, and it is told anew from the next byte on. */
export const STALL_MS = 2_000;

/** So long bytes must have come before a time left is told: a rate over less says more of the first burst than of the rest. */
export const ETA_AFTER_MS = 1_000;

/** Pause between two samples of the progress, milliseconds. */
export const SAMPLE_INTERVAL_MS = 500;

/** What was written is flushed and noted at most so long after it was written, milliseconds. */
export const FLUSH_INTERVAL_MS = 2_000;

/** What was written is flushed and noted after so many bytes: what a crash can cost at most. */
export const FLUSH_BYTES = 256 * MIB;

/** The same after so many pieces: small files take the disk by their number, and it should not begin with them at the end. */
export const FLUSH_PIECES = 1_024;

/** Files that are open at once: below the 256 that macOS allows a process by default. */
export const MAX_OPEN_FILES = 64;

/** File operations of a begin, a flush or a clean-up that run at once: Node has four threads for files. */
export const FILES_AT_ONCE = 8;

/** Files that a lane makes or looks at in one go: some milliseconds, in which it moves no bytes. */
export const FILES_PER_ORDER = 64;

/** Time that a peer has to answer with its manifest or its digests, milliseconds: it has them in memory. */
export const METADATA_TIMEOUT_MS = 15_000;

/** Silence of a peer after which the next one is asked for the digests as well, milliseconds: well below the time that it has. */
export const NEXT_ASKED_MS = 1_000;

/** Peers and files that an error message names before it says how many more there are. */
export const MAX_NAMED = 5;

/** Largest file of pieces that is read, in bytes: one bit for each of 2^24 pieces, and as many runs as begin in hours. */
export const MAX_PIECES_FILE_BYTES = 16 * 1024 * 1024;

/** Sources that sent nothing lately whose rate of 0 is told: as many as peers may be connected, not all who ever came and left. */
export const MAX_IDLE_SOURCES = 256;
