import { Worker } from "node:worker_threads";

/**
 * Memory for the young objects of a helper thread, MiB, as the engine counts it: three times one half. It is what the engine begins with
 * by itself. The bytes that such a thread moves are outside of it, and it is asked for little at a time; where the program gives threads
 * more to begin with (for lanes), each of these would fill some 5 MB of it with what loading its modules leaves, and hold on to them.
 */
const YOUNG_GENERATION_MB = 3;

export interface HelperThreadOptions {
  /** As the system shows it. */
  readonly name: string;
  readonly workerData: unknown;
}

/**
 * Starts a thread that does one kind of work for this one: looks, hashes, unpacks. It needs none of the flags that the process was
 * started with, and some of them would break it.
 *
 * @throws what the system says where it has no room for a thread
 */
export function startHelperThread(module: URL, { name, workerData }: HelperThreadOptions): Worker {
  return new Worker(module, {
    name,
    workerData,
    execArgv: [],
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
  });
}
