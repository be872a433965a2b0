/** Bytes between two progress reports of one archive: some ten a second on a fast disk. */
export const UNPACK_PROGRESS_BYTES = 8 * 1024 * 1024;

/** Bytes that are copied at once: large enough for disks that seek, small enough to be cancelled at once. */
export const COPY_BYTES = 4 * 1024 * 1024;

/** Files that are flushed side by side: file systems write the journal once for all of them. */
export const FLUSHES_AT_ONCE = 16;

/** Directory modes and file modes of what is unpacked, less the process's umask. */
export const DIRECTORY_MODE = 0o777;
export const FILE_MODE = 0o666;
export const EXECUTABLE_MODE = 0o777;

/** Entries of one archive, at most: ten times what a manifest may list, and the listing still fits into memory. */
export const MAX_ARCHIVE_ENTRIES = 1_000_000;

/** Largest marker that is read, in bytes: it holds one word. */
export const MAX_MARKER_BYTES = 1024;
