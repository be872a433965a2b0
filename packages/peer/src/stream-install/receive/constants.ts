const MIB = 1024 * 1024;

/** Sources that are asked for a streamed install one after the other: each time the whole game comes anew. */
export const MAX_SOURCES_TRIED = 3;

/** Pause before sources that were all busy are asked again, milliseconds: as long as the longest of a download. */
export const LATER_PAUSE_MS = 5_000;

/** Times that they are asked again: some ten minutes, what it takes to send a large game to somebody else. */
export const MAX_LATER_ROUNDS = 120;

/**
 * Silence before the first frame after which a source is given up, milliseconds. Longer than the limit between frames: the
 * source looks through its archives first, and a large one on a slow disk takes a while.
 */
export const FIRST_FRAME_MS = 120_000;

/** Buffer between stream and disk, bytes: a disk is kept busy by writes of this size, and a small file takes one. */
export const WRITE_BUFFER_BYTES = MIB;

/** Such buffers of one stream: some are written while another one fills, and a slow disk holds the source back soon. */
export const WRITE_BUFFERS = 4;

/** Files that are written, closed or waited for at once. Node has four threads for files. */
export const FILES_IN_FLIGHT = 8;

/**
 * Files and directories of one stream, at most: as many as an archive may have that is installed from disk. Directories
 * that only show in the paths of others count as well.
 */
export const MAX_STREAM_PATHS = 1_000_000;

/** Characters of all paths of one stream, at most: a million of usual length. They take some three times as many bytes of memory. */
export const MAX_STREAM_PATH_CHARACTERS = 64 * MIB;
