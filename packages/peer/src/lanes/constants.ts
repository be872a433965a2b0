/** Lanes of a peer that is not told how many: more than four fill no network, and one core stays for everything else. */
export const MOST_LANES_BY_DEFAULT = 4;

/** Lanes that a peer can have: each is named in its hello, beside what else it can do. */
export const MOST_LANES = 16;

/** Smallest datagram that begins a connection, bytes (RFC 9000, 14.1). */
export const FIRST_DATAGRAM_BYTES = 1_200;

/** Datagrams that wait for a lane whose thread is being started: the first ones of some connections. Others are sent again. */
export const MOST_HELD_DATAGRAMS = 64;

/**
 * For so long, milliseconds, a download waits for the threads of the lanes when they are started: they take some tenths of a second. Must
 * stay below the silence after which the plan of a download takes a source for stalled.
 */
export const LANE_WAKE_MS = 4_000;

/** How often a lane tells how many bytes have come, milliseconds. */
export const TELL_BYTES_MS = 50;

/** How often a lane tells how many bytes it has sent, milliseconds: some times within what a rate is taken over. */
export const TELL_SENT_MS = 250;

/** Time that a lane of a source has to answer a dial, milliseconds: it is on the same network, or behind a firewall. */
export const LANE_DIAL_MS = 4_000;

/** How often a lane that sends tells which answers are under way, milliseconds: each time wakes the main thread. */
export const TELL_OUTBOUND_MS = 100;

/**
 * A lane of a source that sends nothing for so long while it is asked is given up, milliseconds: its thread may be gone without a
 * word. Must stay below the silence after which the plan of a download takes the source itself for stalled.
 */
export const LANE_SILENT_MS = 4_000;

/** For so long, milliseconds, others wait for the unit that shows whether the lanes of a source can be reached: some round trips. */
export const LANE_PATIENCE_MS = 250;

/**
 * A source whose lane could not be reached is asked over the control connection for so long, milliseconds; twice as long each time, up to
 * the maximum.
 */
export const LANE_UNREACHABLE_MS = 15_000;
export const MAX_LANE_UNREACHABLE_MS = 10 * 60_000;

/** Pause before a lane that failed is started again, milliseconds; twice as long each time, up to the maximum. */
export const LANE_RESTART_MS = 1_000;
export const MAX_LANE_RESTART_MS = 30_000;

/** Time in which a lane has to end when its peer stops, milliseconds: then its thread is ended from outside. */
export const LANE_STOP_MS = 2_000;

/**
 * Memory for the young objects of a lane's thread, MiB. What lanes move is outside of it, and thousands of small files live there for a
 * moment; the engine's own choice, several times as much, made no transfer faster and held on to it.
 */
export const LANE_YOUNG_GENERATION_MB = 12;

/**
 * Up to so many bytes a lane reads and writes a file by itself instead of giving that to Node's pool of threads: copying them takes no
 * longer than the way there and back, of which a small file needs ten.
 */
export const DIRECT_BYTES = 128 * 1024;

/** A flush by Node's pool of threads that takes no longer than this, milliseconds, was the way there and back and nothing else. */
export const QUICK_POOLED_FLUSH_MS = 0.5;

/** A flush may keep the own thread from moving bytes for so long, milliseconds: giving it to the pool costs some 0.04. */
export const QUICK_FLUSH_MS = 0.1;

/** After one that took longer the pool does so many before the own thread may try again. */
export const FLUSHES_BEFORE_OWN = 512;

/** Largest file that a lane removes, bytes: to give back the blocks of a large one takes a disk long, and the lane moves bytes for others. */
export const REMOVED_BY_LANE_BYTES = 1024 * 1024;

/**
 * Units that a lane fetches from one lane of a source at a time: several round trips of the smallest files. What is ordered beyond waits as an
 * order and nothing else. With a stream, a buffer and promises for each, all of them outlived the young generation, and small files came a
 * fifteenth slower.
 */
export const FETCHES_AT_ONCE = 24;
