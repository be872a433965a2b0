import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { once } from "node:events";
import { Worker } from "node:worker_threads";

/** The threads of one name that this process starts while a test looks. */
export interface DyingThreads extends Disposable {
  readonly started: readonly Worker[];
  /** Ends the youngest, as a fault of the system does. Resolves when its owner has been told. */
  endLast(): Promise<void>;
}

export function dyingThreads(name: string): DyingThreads {
  const started: Worker[] = [];
  const onStart = (message: unknown): void => {
    const worker = typeof message === "object" && message !== null ? Reflect.get(message, "worker") : null;
    if (worker instanceof Worker && worker.threadName === name) started.push(worker);
  };
  subscribe("worker_threads", onStart);
  return {
    started,
    endLast: async () => {
      const worker = started.at(-1);
      if (worker === undefined) throw new Error(`no thread ${name} was started`);
      const exit = once(worker, "exit");
      await worker.terminate();
      await exit;
    },
    [Symbol.dispose]: () => void unsubscribe("worker_threads", onStart),
  };
}
