/** What a run may need at most on disk, bytes: games of several scenarios at once, each at its source and downloaded. */
export const NEEDED_BYTES = 8 * 1_073_741_824;
/** After a signal the peers get this long (ms) to stop before everything is ended by force. */
export const CLEAN_UP_DEADLINE_MS = 20_000;
/** A process that a peer started and did not end is looked for this long (ms): one that is just ending is no leak. */
export const LEAK_DEADLINE_MS = 3_000;
/** A scenario that does not say otherwise counts as so many busy processors: a sender, a receiver and their lanes take turns. */
export const DEFAULT_CORES = 1;
/** How many of a peer's last events a failure shows: the rest is in the log. */
export const EVENTS_SHOWN = 15;
/** Longest line of an event that a failure shows, in characters. */
export const EVENT_CHARS = 220;
