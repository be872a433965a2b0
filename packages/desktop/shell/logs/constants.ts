const KIB = 1024;
const MIB = 1024 * KIB;

/** Lines of a log that are kept: an evening's, or the entries of some large games. */
export const MOST_LINES = 50_000;

/** What they take at most, bytes. */
export const MOST_BYTES = 16 * MIB;

/** What a line takes beside its text, bytes: object, numbers, its place in the list. */
export const LINE_OVERHEAD_BYTES = 120;

/** Longest text, and longest details, of a line in characters; the rest is counted. Others choose names and paths. */
export const MAX_TEXT = 2_000;

/** Calls of a fault's stack that are told: enough to see where it happened. */
export const STACK_FRAMES = 6;

/** Causes of an error that are told: none of ours has more. */
export const MOST_CAUSES = 4;

/** Lines of one answer, and their characters: far below what may wait for a page, so that a long history does not hold up events. */
export const MOST_LINES_ANSWERED = 2_000;
export const MAX_CHARACTERS_ANSWERED = 256 * KIB;

/** Pause between a line and the answer that carries it, milliseconds: lines come in bursts, and a page is drawn for each answer. */
export const GATHER_MS = 100;

/** For so long a page waits for a line before it is answered that there was none, milliseconds. */
export const WAIT_MS = 20_000;

/** Questions that wait at once; one more ends the oldest's wait. A page has two. */
export const MOST_WAITING = 64;
