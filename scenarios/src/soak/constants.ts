const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const MIB = 1_048_576;

/** What `soak mesh` does where nothing else is asked for. */
export const DEFAULT_MINUTES = 15;
export const DEFAULT_PEERS = 12;

/** Fewer make no mesh; more than this many processes on one machine measure the machine. */
export const LEAST_PEERS = 3;
export const MOST_PEERS = 64;
export const MOST_MINUTES = 24 * 60;

/** From one rest to the next, ms. */
export const ROUND_MS = MINUTE;

/** Every so many rests begin with those who are down still down: whoever was killed has to be dropped by the others. */
export const RESTS_WITH_DOWN = 3;

/** Ids that games are made of: few enough that several peers have the same game at most times. */
export const GAME_IDS = 30;

/** Games that every peer begins with. */
export const GAMES_AT_FIRST = 8;

/** Versions of a game that are there in the whole run: few, so that peers agree as often as they differ. */
export const VERSIONS = ["20200101", "20210615", "20220203", "20231224", "20240229"] as const;

/** Peers on which something happens at the same time, at most. */
export const ACTIONS_AT_ONCE = 3;

/** Pause between two steps, ms: from bursts that become one delta to changes that stand alone. */
export const PAUSE_MS = { least: 20, most: 700 };

/** Steps that a suspended peer sleeps: from a hiccup to longer than others wait for it (45 s of silence). */
export const SLEEP_STEPS = { least: 1, most: 40, longest: 200 };

/** Part of the suspended that sleep until the next rest, or as long as `longest`. */
export const LONG_SLEEPS = 0.15;

/** Part of the peers that are never ended, so that their memory can be followed for the whole run. */
export const RESIDENT_SHARE = 1 / 3;

/** Part of the other peers that may be down at the same time. */
export const DOWN_SHARE = 1 / 2;

/**
 * How long all views may take to equal the disks once nothing changes any more, ms: a peer that was killed is dropped within 50 s
 * of silence, one that was resumed may have to be found again.
 */
export const REST_DEADLINE_MS = 75 * SECOND;

/** A rest that takes longer than this, ms, says what was wrong last. */
export const SLOW_REST_MS = 5 * SECOND;

/** Pause between two looks at all views, ms. */
export const LOOK_AGAIN_MS = 200;

/** How long a peer may take until it listens, ms, on a machine where a dozen others start too. */
export const READY_DEADLINE_MS = 30 * SECOND;

/** How long a process may take to answer for its memory, ms. */
export const SAMPLE_DEADLINE_MS = 20 * SECOND;

/** After a signal the peers get this long (ms) to say goodbye before everything is ended by force. */
export const CLEAN_UP_DEADLINE_MS = 15 * SECOND;

/** Last events of a peer that a difference is reported with. */
export const EVENTS_SHOWN = 25;

/** Peers whose last events are printed: who shows what is not so, and one whom it is about. */
export const HISTORIES_SHOWN = 2;

/** Events that are kept of one peer for that, and written beside the logs: some minutes. */
export const EVENTS_KEPT = 2_000;

/** Differences that are spelled out; the others are counted. */
export const DIFFERENCES_SHOWN = 40;

/** Room on the disk for the games, the states, and the logs of a day, bytes. */
export const NEEDED_BYTES = 512 * MIB;

/** Samples of one process that make a judgement: with fewer there is no first and last third to compare. */
export const LEAST_SAMPLES = 3;

/**
 * How far the median of a process's last third may lie above that of its first. Heap: what V8 keeps for code and caches differs by
 * some MiB between two moments of the same state. Two thirds of a run lie between the two medians: in 15 minutes with 12 peers that is
 * some 3,500 changes, of which a leak of two kilobytes each would be noticed, and one of a kilobyte would not.
 */
export const HEAP_TOLERANCE = { share: 0.15, bytes: 4 * MIB };

/** Handles: a look or a connection may be under way at the moment of a sample. */
export const HANDLE_TOLERANCE = 3;
