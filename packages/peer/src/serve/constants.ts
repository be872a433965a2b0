const KIB = 1024;
const MIB = 1024 * KIB;

/** Control requests of one peer per second, and at once: a peer that means well sends a few per minute. */
export const CONTROL_REQUESTS_PER_SECOND = 50;

/** Peers whose requests are counted before those that were quiet are forgotten: more than any party has. */
export const COUNTED_PEERS = 1_024;

/**
 * Bytes of frames of one peer that are held at once, and apart from them those of its answers: two libraries of the largest
 * size. Must be at least the longest frame (8 MiB), or that could never come.
 */
export const FRAME_BYTES_PER_PEER = 16 * MIB;

/** Bytes of frames of all peers that are held at once: 200 peers say hello at once with 500 games each. */
export const FRAME_BYTES_OF_ALL = 128 * MIB;

/**
 * Bytes of frames that a peer may have held whatever the others hold, so that few who hold all they can shut nobody out:
 * some pings and requests, and the library of an ordinary peer.
 */
export const FRAME_BYTES_ALWAYS = 256 * KIB;

/**
 * Bytes per second of one peer in request frames that are longer than 64 KiB, and such bytes at once: checking a library of
 * 8 MiB takes some hundred milliseconds, in which nothing else happens.
 */
export const LONG_FRAME_BYTES_PER_SECOND = MIB;
export const LONG_FRAME_BYTES_AT_ONCE = 16 * MIB;

/** Largest buffer of an answer, bytes: a disk is kept busy by it, and two per answer fit in memory many times. */
export const SEND_BUFFER_BYTES = 512 * KIB;

/** Places of one peer for answers with a file's bytes that run at once; further ones wait. Keeps several disk reads in flight. */
export const FILES_PER_PEER = 8;

/** From so many bytes on an answer takes several places. */
export const LARGE_ANSWER_BYTES = MIB;

/** Places of a large answer: two of one peer run at once. */
export const LARGE_ANSWER_PLACES = 4;

/** The same for all peers: with two buffers each, at most 64 MiB. */
export const FILES_OF_ALL = 64;

/** Bytes after which a receiver is seen to make progress: within the no-progress limit, a link of 5 KiB per second does. */
export const WRITE_STEP_BYTES = 128 * KIB;

/** Paths that the gate remembers to be allowed: more than those of the answers that run at once. */
export const ALLOWED_PATHS = 256;

/** Games directories of which it is remembered where they really are: a process has one, and another one when it is moved. */
export const REAL_PLACES = 16;
