import { availableParallelism } from "node:os";
import { beside } from "./beside.ts";
import { Child } from "./child.ts";

const IDLER = beside(import.meta.url, "./idler");

/**
 * Keeps all processors awake until it is disposed of, with one process each that the system runs only when nothing else wants to
 * (Linux, SCHED_IDLE).
 *
 * A processor that falls asleep lowers its clock and forgets its caches, and a virtual one is taken away from its machine; when it wakes
 * up, the first millisecond of whatever comes next is several times as slow. That is charged to the program, though it is not the
 * program's doing. Who compares a load that sleeps with one that does not has to keep it out of both.
 */
export function keepAwake(signal: AbortSignal): AsyncDisposable {
  const idlers = new AsyncDisposableStack();
  const prefix = ["chrt", "--idle", "0"];
  for (let i = 0; i < availableParallelism(); i++) {
    idlers.use(new Child({ prefix, module: IDLER, settings: {}, signal }));
  }
  return idlers;
}
