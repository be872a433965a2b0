/** The longest that `stop()` takes, milliseconds: what is not done by then ends with the process. */
export const STOP_DEADLINE_MS = 5_000;

/** How long the first scan may hold back discovery, milliseconds: a library announced whole needs no second exchange. */
export const FIRST_SCAN_GRACE_MS = 2_000;

/** How long a service that failed rests before it is started again, milliseconds. */
export const RESTART_DELAY_MS = 5_000;

/** Progress events that wait for a slow reader at most: some seconds of a busy peer. */
export const MAX_WAITING_PROGRESS = 64;

/** Streamed installs that run at once: a source sends no more to one peer, and would keep the next one waiting in silence. */
export const STREAMS_AT_ONCE = 2;

/** Pause between two reports of a streamed install, milliseconds: as of a download. */
export const STREAM_PROGRESS_MS = 500;

/** Pause between two reports of what is sent, milliseconds: people read no faster. */
export const OUTBOUND_PROGRESS_MS = 1_000;

/** Reports that a rate of sending is taken over: long enough to be calm, short enough that what has ended is soon gone. */
export const RATE_SAMPLES = 3;

/** Pause between two reports of an install from the own disk, milliseconds: small files come by the thousand in a second. */
export const INSTALL_PROGRESS_MS = 100;

/** The rate of an install is that of so long, milliseconds: as of a download. */
export const INSTALL_PACE_WINDOW_MS = 5_000;

/** Over less a rate says more of the first entry than of the disk, milliseconds. */
export const MIN_PACE_SPAN_MS = 1_000;

/** Reports that come faster need not all be remembered for the rate, milliseconds. */
export const INSTALL_PACE_STEP_MS = 100;
