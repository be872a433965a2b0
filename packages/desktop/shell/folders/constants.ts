/** Longest path that is looked at, UTF-16 units: Linux takes 4,096 bytes, and Windows 32,767 units that nobody types. */
export const MAX_PATH_LENGTH = 4_096;

/** Longest name of a folder, bytes: what the usual file systems take. */
export const MAX_NAME_BYTES = 255;

/** Folders that are listed at most: more than anybody looks through, and some hundred kilobytes. */
export const MOST_FOLDERS = 2_000;

/** Entries of a directory that are read at most: a folder with a million files is left behind in a moment. */
export const MOST_ENTRIES_READ = 50_000;

/** Folders that are looked at beside each other: half of the threads that Node has for files. */
export const LOOKS_AT_ONCE = 2;

/** How long a drive may take to answer, milliseconds: one of the network that is gone takes minutes. */
export const ANSWER_MS = 5_000;
