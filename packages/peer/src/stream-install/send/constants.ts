const KIB = 1024;

/**
 * Bytes of frames that are collected before they are written: thousands of small files must not become thousands of small
 * packets. Must be above what a receiver is seen to make progress by, and is all that one answer holds here.
 */
export const FRAME_BUFFER_BYTES = 256 * KIB;

/**
 * Streamed installs that run at once: each unpacks in a thread of its own, with memory of its own. Above it the others are
 * told `busy`, so that they ask another source at once instead of waiting for nothing.
 */
export const STREAMS_AT_ONCE = 8;
