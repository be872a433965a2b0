const MB = 1_000_000;

/** Rate at which each of the demo's players sends, MB/s, where no other is wanted: a download takes some seconds. */
export const DEFAULT_RATE = 8;
export const MAX_RATE = 1_000;
export const BYTES_PER_MB = MB;

/** Every game is there twice in the end, and all that is installed once more; state, pictures and a browser's profile besides. */
export const COPIES = 3;
export const OVERHEAD_BYTES = 200 * MB;

/** Datagrams that wait in a slow socket: a few milliseconds of a link, as in a switch. */
export const WAITING_DATAGRAMS = 64;

/** How often a slow socket sends what is due, ms: about what a timer can do. */
export const SEND_EVERY_MS = 4;

/** For so long a slow socket saves up what it did not send, ms: timers are late on a busy machine. */
export const BURST_MS = 20;

/** Pixels of a picture: a portrait, as shops have them. */
export const COVER_WIDTH = 400;
export const COVER_HEIGHT = 600;
