/** Threads that move bytes between sockets and disks, so that the main thread can answer at any time. */
export { MOST_LANES } from "./constants.ts";
export { defaultLaneCount, LanePool, type LanePoolOptions } from "./lane-pool.ts";
export type { PushedView } from "./messages.ts";
