const KIB = 1024;
const MIB = 1024 * KIB;

/** Control requests of one peer per second, and at once: a peer that means well sends a few per minute. */
export const CONTROL_REQUESTS_PER_SECOND = 50;

/** Peers whose requests are counted before those that were quiet are forgotten: more than any party has. */
export const COUNTED_PEERS = 1_024;

/**
 * Bytes of request frames of one peer that are being received: two libraries of the largest size. Must be at least the
 * longest frame (8 MiB), or that could never come.
 */
export const FRAME_BYTES_PER_PEER = 16 * MIB;

/** Bytes of request frames of all peers that are being received: 200 peers say hello at once with 500 games each. */
export const FRAME_BYTES_OF_ALL = 128 * MIB;

/** A request frame of more bytes has to bring so many within the no-progress limit: single bytes are no progress. */
export const FRAME_PROGRESS_BYTES = 64 * KIB;

/** Largest buffer of an answer, bytes: a disk is kept busy by it, and two per answer fit in memory many times. */
export const SEND_BUFFER_BYTES = 512 * KIB;

/** Answers with a file's bytes that run at once for one peer; further ones wait. Keeps several disk reads in flight. */
export const FILES_PER_PEER = 8;

/** The same for all peers: with two buffers each, at most 64 MiB. */
export const FILES_OF_ALL = 64;

/** Bytes after which a receiver is seen to make progress: within the no-progress limit, a link of 5 KiB per second does. */
export const WRITE_STEP_BYTES = 128 * KIB;
