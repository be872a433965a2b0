/** How long a harness may take to answer a command, ms: queries are instant, so a longer silence is a hang. */
export const COMMAND_DEADLINE_MS = 20_000;
/** How long to wait for an event where the caller names no deadline, ms. */
export const EVENT_DEADLINE_MS = 30_000;
/** A peer stops within 5 s by contract; after this much longer (ms) it is told by SIGTERM, then killed. */
export const SHUTDOWN_GRACE_MS = 8_000;
/** After SIGTERM a process gets this long (ms) before SIGKILL. */
export const TERMINATE_GRACE_MS = 2_000;
/** What is kept of a harness's stderr for error messages, in characters: the last few screens. */
export const STDERR_TAIL_CHARS = 16_384;
