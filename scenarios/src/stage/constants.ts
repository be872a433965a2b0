/** How long a scenario may take where it does not say otherwise, ms: far more than any needs, since a longer one hangs. */
export const SCENARIO_DEADLINE_MS = 120_000;
/** To `local-peer-ready`, ms: a second when the machine is free, longer where many start at once. */
export const READY_DEADLINE_MS = 30_000;
/**
 * A peer that is told to stop does so within 5 s by contract; a machine busy with other scenarios gets longer, ms. One that has not
 * stopped by then is told by SIGTERM, and fails its scenario.
 */
export const STOP_GRACE_MS = { shutdown: 10_000, terminate: 2_000 } as const;
/** What everybody waits for is there within 2 s; a machine busy with other scenarios gets longer, ms. */
export const WAIT_DEADLINE_MS = 30_000;
/** An operation of a scenario at a hundredth of the usual rate is still in time, ms. */
export const OPERATION_DEADLINE_MS = 90_000;
/** A look that no event leads to is taken again after this, ms: files and counters change without one. */
export const LOOK_AGAIN_MS = 50;
/**
 * Until no peer has an operation or an answer under way after a scenario, ms: an answer to somebody whose cable was out ends when
 * nothing of it has moved for 30 s.
 */
export const REST_DEADLINE_MS = 40_000;
