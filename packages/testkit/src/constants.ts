/** Timers that one run of a virtual clock fires before it takes the code under test for an endless loop. */
export const MAX_TIMERS_PER_RUN = 1_000_000;

/** Largest payload that a UDP datagram can carry over IPv4, in bytes: what a simulated network carries by default. */
export const MAX_DATAGRAM_BYTES = 65_507;

/** First port that a simulated network hands out: IANA's dynamic range. */
export const FIRST_EPHEMERAL_PORT = 49_152;

/** How long {@link eventually} waits unless told: long enough for a busy machine, since a miss means a hang. */
export const EVENTUALLY_DEADLINE_MS = 30_000;

/** Pause between two looks, in milliseconds: short against everything that is waited for. */
export const EVENTUALLY_INTERVAL_MS = 10;

/** Bytes that generated content and archives are made in at a time: big enough for the disk, small in memory. */
export const CHUNK_BYTES = 1024 * 1024;
