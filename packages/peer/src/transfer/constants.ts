const KIB = 1024;
const MIB = 1024 * KIB;

/** A transfer in which no byte moves for this long is ended, in either direction: a stalled side may not hold the other. */
export const NO_PROGRESS_MS = 30_000;

/** Largest buffer of a transfer, bytes: one piece of a usual game, so that it is hashed and written at once. */
export const TRANSFER_BUFFER_BYTES = MIB;

/** Smallest buffer, bytes: thousands of small files in flight must not take a mebibyte each. */
export const SMALLEST_BUFFER_BYTES = 64 * KIB;

/** Buffers of one size that are kept for the next transfer: what one source keeps busy, and no more. */
export const SPARE_BUFFERS = 16;

/** From so many bytes on a piece is hashed by Node's own threads: the way there costs as much as hashing some 50 KiB. */
export const HASHED_ELSEWHERE_BYTES = 128 * KIB;

/** Writes of one unit that may be under way while the next piece is read. */
export const WRITES_AHEAD = 2;

/**
 * Answer frame where nothing large can be meant, bytes: the longest refusal, escaped, with room to spare. Of small files there are hundreds
 * of requests on their way, and the memory for an answer is there before its bytes are.
 */
export const MAX_SHORT_ANSWER_BYTES = 64 * KIB;
