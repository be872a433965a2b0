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

/** Characters of an index entry from which others get a turn between two steps of making sense of it: some 4,000 files. */
export const LARGE_ENTRY_CHARACTERS = 160 * 1024;

/** What a look costs besides the characters of its index entry, in the same unit. */
export const LOOK_CHARACTERS = 2 * 1024;

/** What an entry of a listed directory costs, in the same unit: its path is checked. */
export const LISTED_CHARACTERS = 128;

/** Directory entries of one game that are examined side by side, for the same reason. */
export const ENTRIES_AT_ONCE = 16;

/** Directories of one game that are listed side by side: what is asked of the thread that lists shares one message there and back. */
export const DIRECTORIES_AT_ONCE = 16;

/** Directory entries whose paths are checked without giving way to others: about 5 ms of work. */
export const LISTED_AT_ONCE = 4096;

/** Warnings that are kept for one game, and of the games directory's children: 10,000 links need no 10,000 sentences. */
export const MAX_WARNINGS = 20;

/** Entries that are sorted without giving way to others: about 5 ms of work. */
export const SORT_RUN = 4096;

/** Bytes the hashing worker reads at once: large enough for disks that seek, small enough to pause at once. */
export const HASH_READ_BYTES = 1024 * 1024;

/**
 * A hashing thread that has nothing to do for so long is ended, milliseconds: it takes some 10 MB, and starting another one costs a
 * twentieth of a second.
 */
export const HASHER_IDLE_MS = 2_000;

/** Bytes between two progress reports of the hashing worker. */
export const HASH_PROGRESS_BYTES = 64 * 1024 * 1024;

/** Times a game that changed while it was hashed is hashed again before it has to wait for its next rescan. */
export const MAX_HASH_ATTEMPTS = 3;

/** Times a root is looked at anew because it changed during the walk. Somebody is copying: the next rescan is due soon. */
export const MAX_LOOKS = 3;

/** Bytes of JSON around a path: braces, names and a size, or the other fields of a manifest. */
export const MANIFEST_OVERHEAD_BYTES = 512;

/** How often everything is looked at although changes are reported, milliseconds: for what the watcher missed. */
export const FALLBACK_SCAN_MS = 300_000;

/** The same where changes are not reported, milliseconds: a look at unchanged roots is cheap. */
export const UNWATCHED_SCAN_MS = 30_000;

/**
 * How often the place of the games directory is checked, milliseconds. No event tells that a file system was unmounted or
 * has come back. One call of the system, so it may be often.
 */
export const DIRECTORY_CHECK_MS = 2_000;

/**
 * Pause before a root that could not be read is looked at again, milliseconds: doubles up to {@link UNWATCHED_SCAN_MS}. The first
 * retry comes with the next check of the games directory.
 */
export const UNREAD_RETRY_FIRST_MS = 2_000;

/**
 * Pause before a watch that failed is tried again, milliseconds: doubles from the first to the longest. Taking it walks the whole tree.
 * Meanwhile everything is looked at every 30 s, so a longer pause than that would only prolong it.
 */
export const WATCH_RETRY_FIRST_MS = 1_000;
export const WATCH_RETRY_LONGEST_MS = UNWATCHED_SCAN_MS;

/** The same where a limit of the system is in the way, which nobody raises within minutes. */
export const WATCH_LIMIT_RETRY_LONGEST_MS = 300_000;

/**
 * A watch that lasted for so long, milliseconds, has worked: that it failed then says nothing of the next one. The watcher fails now
 * and then where many directories are deleted, and that may go on for a whole evening.
 */
export const WATCH_HELD_MS = 10_000;

/**
 * Pause between two looks at a root that keeps changing, milliseconds: doubles from the first to the longest. In a root that
 * is no shared game nobody sees a difference before its sentinel comes, and for that no look waits.
 */
export const LOOK_GAP_FIRST_MS = 250;
export const LOOK_GAP_LONGEST_MS = 1_000;
export const LOOK_GAP_UNSHARED_MS = 8_000;

/**
 * The pause is this often what the look took, up to the longest in milliseconds: looks take a tenth of the time. A walk over
 * 100,000 files may take seconds.
 */
export const LOOK_COST_FACTOR = 9;
export const LOOK_COST_GAP_LONGEST_MS = 30_000;

/** A root that was quiet for this long beyond its pause is looked at at once again, milliseconds. */
export const LOOK_QUIET_MS = 2_000;

/** Quiet after which new directories are watched as a whole, milliseconds: a copy makes the next one within this. */
export const SETTLE_MS = 1_000;

/** The longest that this waits for quiet, milliseconds: a slow copy of one game. */
export const SETTLE_LONGEST_MS = 30_000;

/**
 * Events of one root in one batch that are taken for so many that some may be missing. The system keeps 16,384 (Linux),
 * forgets what comes then, and the watcher does not say so. A batch is half a second at most.
 */
export const BURST_EVENTS = 1_000;

/** How long changes of the list of games are gathered before it is read again, milliseconds: only warnings wait for it. */
export const RELIST_DELAY_MS = 250;

/** A timer that is this late, milliseconds, says that the process was stopped: the system may have forgotten events. */
export const STOPPED_MS = 5_000;
