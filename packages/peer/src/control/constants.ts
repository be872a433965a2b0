/**
 * How long the holder of a state directory has to say who it is, milliseconds. It is the holder anyway; one that is late since the
 * computer is busy is named all the same.
 */
export const GREETING_DEADLINE_MS = 5_000;

/** Attempts to take over a lock that others try to take over at the same time. */
export const TAKEOVER_ATTEMPTS = 8;

/** How long a starter that took over a dead lock waits before it looks whether it still has it, milliseconds. */
export const CONFIRM_AFTER_MS = 50;

/** Clients at once: a desktop, some terminals, some scripts. More is a loop gone wrong. */
export const MAX_CLIENTS = 64;

/** What a connection may hold of an unfinished line that is read from a peer of the own user, bytes: a large library. */
export const MAX_OUTPUT_LINE_BYTES = 64 * 1024 * 1024;

/** Bytes of answers and events that may wait for a client that does not read, besides one line: a few large libraries. */
export const MAX_UNREAD_BYTES = 64 * 1024 * 1024;

/** Pause before somebody who starts at the same time is looked at again, milliseconds; and how often: two seconds, in which a peer has long made its socket. */
export const GUARD_RETRY_MS = 20;
export const GUARD_ATTEMPTS = 100;
