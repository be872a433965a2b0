const MIB = 1024 * 1024;

/** Largest unit, bytes: a fifteenth of a second of a fast link, so that a source that leaves takes little with it. */
export const MAX_UNIT_BYTES = 8 * MIB;

/** Unit of a source that nothing is known of, bytes: large enough to measure it by, small enough to give away. */
export const FIRST_UNIT_BYTES = 2 * MIB;

/** What a source is taken to send at least while nothing is known of it, bytes per second: less is rare on a local network. */
export const ASSUMED_RATE = 1_000_000;

/** How much of its rate one unit of a source is, milliseconds: what a source that stalls can hold up. */
export const UNIT_MS = 300;

/** What a source should have in flight, milliseconds of its rate: several round trips of a busy network. */
export const WINDOW_MS = 300;

/** Units that a source has in flight at least: while one is answered the next is already asked. */
export const MIN_UNITS_IN_FLIGHT = 2;

/**
 * Units of one source in flight at most: of small files each waits for its turn in several threads. Must stay well below the streams of
 * one connection, which others use too.
 */
export const MAX_UNITS_IN_FLIGHT = 128;

/** Bytes in flight that are allowed before a rate is known: thousands of small files must not wait for it. */
export const FIRST_WINDOW_BYTES = 4 * MIB;

/** How quickly a measured rate forgets, milliseconds: rates of a shared network change within seconds. */
export const RATE_MEMORY_MS = 1_000;

/** Silence after which a source has stalled, milliseconds; also the memory of the rate that it is judged by. */
export const STALL_MS = 5_000;

/** A source below this share of the median rate has stalled, too: it would hold units that others have in no time. */
export const STRAGGLER_SHARE = 0.1;

/** A rate is believed after so much busy time, milliseconds: the first bytes say little. */
export const BELIEVED_AFTER_MS = 2_000;

/**
 * Units in a row that fail though bytes of them came, without a piece between them, after which a source is treated as one that stalled:
 * it may be fast, and have the half of everything fetched for nothing.
 */
export const MAX_FAILED_IN_ROW = 3;

/** Rounds of turns without standstill after which the patience is halved again. */
export const CALM_ROUNDS = 16;

/** Pause before a stalled source is tried again, milliseconds; twice as long each time it stalls again, up to the maximum. */
export const PROBATION_PAUSE_MS = 3_000;
export const MAX_PROBATION_PAUSE_MS = 30_000;

/** So long a piece that nobody has delivered yet is kept for a source that had no turn with it and has no room, milliseconds. */
export const WAIT_FOR_ROOM_MS = 5_000;

/**
 * So long a piece that came wrong is kept for a source that may be honest about it, milliseconds: it may be paused, or say that it is busy, for
 * minutes, and whoever sent it wrong may have it right the next time.
 */
export const WAIT_FOR_INNOCENT_MS = 30_000;

/**
 * Pieces at most of which it is known who had a turn with them: each takes memory for every source and time in every turn. It must be
 * enough to keep all sources busy near the end, when no others are left.
 */
export const MAX_TROUBLED = 1_024;

/** Pieces of them in one turn at most that somebody has, and of which it is looked whether somebody else with nothing to do comes before. */
export const MAX_QUEUES_LOOKED_AT = 64;

/** Near the end a unit is asked of a second source when that would be done in this share of the first one's time. */
export const ENDGAME_SHARE = 0.8;

/** Sources that a piece is asked of at a time at most: two may turn out to be slow, and each is only asked where it has it sooner. */
export const MAX_ASKERS = 3;

/**
 * Units after which a turn asks for no more, and has no more sources lose theirs: what thousands of small files cost must not keep anything
 * else waiting. The rest comes in the next turn, at once.
 */
export const MAX_UNITS_AT_ONCE = 256;

/** Asks that are looked at in one turn near the end, at most, as ones that others may be asked for: those of the slowest sources. */
export const MAX_LOOKED_AT = 512;

/** Those of them that others are asked for in one turn at most. */
export const MAX_LATE_ASKS = 64;

/**
 * Times that a piece is taken from a source for one that will have it sooner, at most, where it must not be asked of two: each time throws
 * away what had come of it, and two whose rates change could take it from each other for ever.
 */
export const MAX_TAKEN = 3;
