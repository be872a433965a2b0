/** Bytes between two progress reports of one archive: some ten a second on a fast disk. */
export const UNPACK_PROGRESS_BYTES = 8 * 1024 * 1024;

/**
 * Bytes of content that are handed from the unpacking thread to the main thread at once: half a millisecond of copying,
 * so that nothing else there waits for it.
 */
export const STREAM_CHUNK_BYTES = 1024 * 1024;

/** Chunks that the unpacking thread may be ahead: enough that neither side waits for the other's every step. */
export const STREAM_CHUNKS = 4;

/** Entries begun or ended that are handed over together, where they are small: an archive may have a million. */
export const STREAM_STEPS = 256;

/** Bytes that are copied at once: large enough for disks that seek, small enough to be cancelled at once. */
export const COPY_BYTES = 4 * 1024 * 1024;

/** Zeros of a sparse file that are left out when it is copied: so many at a time, a multiple of every file system's blocks. */
export const HOLE_BYTES = 64 * 1024;

/** Files that are flushed side by side: file systems write the journal once for all of them. */
export const FLUSHES_AT_ONCE = 16;

/** Files of an old install that are looked at or named side by side: some that wait for each thread of Node. */
export const FILES_AT_ONCE = 16;

/** Directory modes and file modes of what is unpacked, less the process's umask. */
export const DIRECTORY_MODE = 0o777;
export const FILE_MODE = 0o666;
export const EXECUTABLE_MODE = 0o777;

/** Entries of one archive, at most: ten times what a manifest may list, and the listing still fits into memory. */
export const MAX_ARCHIVE_ENTRIES = 1_000_000;

/** Largest marker that is read, in bytes: it holds one word. */
export const MAX_MARKER_BYTES = 1024;

/** Paths that one line of the log names, at most: enough to know what is meant. */
export const MAX_LOGGED_PATHS = 20;
