/** A program that is asked what it is answers at once; after this many ms it is none of those that are known. */
export const RECOGNISE_MS = 10_000;

/** Longest answer to that question that is read, in bytes: 7-Zip's list of formats has some 8 KiB. */
export const MAX_ANSWER_BYTES = 64 * 1024;

/** Complaints of a program that are kept, in bytes: the first ones tell the reason, a hostile archive makes millions. */
export const MAX_COMPLAINT_BYTES = 16 * 1024;

/** Longest complaint that a message quotes, UTF-16 units. */
export const QUOTED_COMPLAINT = 200;

/** Bytes that are gathered before they are handed on. A pipe gives some 64 KiB at a time; `EntrySink` allows 1 MiB. */
export const GATHER_BYTES = 1024 * 1024;

/** Files up to this size are written whole, beside each other: one chunk of a pipe, and what waits stays at 4 MiB. */
export const SMALL_FILE_BYTES = 64 * 1024;
/** Small files that are written at once: some for each of the four threads that Node has for files. */
export const SMALL_FILES_AT_ONCE = 64;
