/** Largest `version.ini`, in bytes: it holds one line, so what is larger is something else. */
export const MAX_SENTINEL_BYTES = 4 * 1024;

/** Extension of the archives that an install unpacks, in lower case. */
export const ARCHIVE_EXTENSION = ".eti";

/**
 * Game roots that are looked at side by side. The looks themselves come one after the other, and this many share one message
 * to the thread and back; walks and writes go side by side, and more than a disk can use do no harm to it.
 */
export const ROOTS_AT_ONCE = 32;

/** Characters of index entries that are made sense of without giving way to others: about 5 ms of work. */
export const LOOK_SLICE_CHARACTERS = 128 * 1024;

/** What a look costs besides the characters of its index entry, in the same unit. */
export const LOOK_CHARACTERS = 2 * 1024;

/** Directory entries of one game that are examined side by side, for the same reason. */
export const ENTRIES_AT_ONCE = 16;

/** Warnings that are kept for one game: a folder of 10,000 links needs no 10,000 sentences. */
export const MAX_WARNINGS = 20;

/** Entries that are sorted without giving way to others: about 5 ms of work. */
export const SORT_RUN = 4096;

/** Bytes the hashing worker reads at once: large enough for disks that seek, small enough to pause at once. */
export const HASH_READ_BYTES = 1024 * 1024;

/** Bytes between two progress reports of the hashing worker. */
export const HASH_PROGRESS_BYTES = 64 * 1024 * 1024;

/** Times a game that changed while it was hashed is hashed again before it has to wait for its next rescan. */
export const MAX_HASH_ATTEMPTS = 3;

/** Times a root is looked at anew because it changed during the walk. Somebody is copying: the next rescan is due soon. */
export const MAX_LOOKS = 3;

/** Bytes of JSON around a path: braces, names and a size, or the other fields of a manifest. */
export const MANIFEST_OVERHEAD_BYTES = 512;
