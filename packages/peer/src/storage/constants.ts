/** Directories of the state directory: their owner alone may look inside. */
export const PRIVATE_DIRECTORY_MODE = 0o700;

/** Files of the state directory that hold secrets or may hold them. */
export const PRIVATE_FILE_MODE = 0o600;

/**
 * Largest JSON file that is read, in bytes. The largest one that is written is an index entry with 100,000 files of
 * paths up to 1,024 bytes: 100 MiB at the very most, far below a string's limit.
 */
export const MAX_JSON_BYTES = 160 * 1024 * 1024;

/** Unit of the `blocks` of a file's state, bytes, whatever the file system's own blocks are (POSIX). */
export const STAT_BLOCK_BYTES = 512;
