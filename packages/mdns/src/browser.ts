import { diffInstances } from "./query/resolve.ts";
import type { Browser, BrowserEvents, Logger, ServiceInstance } from "./types.ts";

type Handlers = { readonly [E in keyof BrowserEvents]: Set<(...args: BrowserEvents[E]) => void> };

/** Turns states into events. A handler that throws stops neither the others nor the network side. */
export class ServiceBrowser implements Browser {
  readonly type: string;
  readonly #handlers: Handlers = { up: new Set(), changed: new Set(), down: new Set() };
  readonly #logger: Logger;
  readonly #onStop: (browser: ServiceBrowser) => void;
  #instances: ReadonlyMap<string, ServiceInstance> = new Map();
  #stopped = false;

  constructor(type: string, logger: Logger, onStop: (browser: ServiceBrowser) => void) {
    this.type = type;
    this.#logger = logger;
    this.#onStop = onStop;
  }

  on<E extends keyof BrowserEvents>(event: E, handler: (...args: BrowserEvents[E]) => void): this {
    this.#handlers[event].add(handler);
    return this;
  }

  off<E extends keyof BrowserEvents>(event: E, handler: (...args: BrowserEvents[E]) => void): this {
    this.#handlers[event].delete(handler);
    return this;
  }

  instances(): readonly ServiceInstance[] {
    return [...this.#instances.values()];
  }

  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#onStop(this);
  }

  /** The complete instances as they are now. */
  show(instances: ReadonlyMap<string, ServiceInstance>): void {
    const events = diffInstances(this.#instances, instances);
    this.#instances = instances;
    for (const { event, instance } of events) {
      for (const handler of [...this.#handlers[event]]) {
        if (this.#stopped) return;
        try {
          handler(instance);
        } catch (error) {
          this.#logger.error("a browser's handler threw", { event, instance: instance.instance, error });
        }
      }
    }
  }
}
