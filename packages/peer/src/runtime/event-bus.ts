import type { RuntimeEvent } from "@lanspread/proto";
import type { Logger } from "../logger.ts";
import { EventQueue } from "./event-queue.ts";

/** Hands every event to every listener, in one order. */
export class EventBus {
  readonly #logger: Logger;
  readonly #handlers = new Set<(event: RuntimeEvent) => void>();
  readonly #queues = new Set<EventQueue>();
  #closed = false;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  emit(event: RuntimeEvent): void {
    if (this.#closed) return;
    for (const queue of this.#queues) queue.push(event);
    for (const handler of [...this.#handlers]) {
      try {
        handler(event);
      } catch (error) {
        this.#logger.error("a listener failed", { event: event.type, error });
      }
    }
  }

  /** @returns a function that ends the subscription. */
  onEvent(handler: (event: RuntimeEvent) => void): () => void {
    // A wrapper of its own: the same function may listen twice.
    const own = (event: RuntimeEvent): void => handler(event);
    this.#handlers.add(own);
    return () => this.#handlers.delete(own);
  }

  /** Every event from now on, until the bus closes. */
  events(): AsyncIterableIterator<RuntimeEvent> {
    const queue = new EventQueue(() => this.#queues.delete(queue));
    if (this.#closed) queue.close();
    else this.#queues.add(queue);
    return queue;
  }

  /** Ends all iterators behind what they still hold. */
  close(): void {
    this.#closed = true;
    this.#handlers.clear();
    for (const queue of this.#queues) queue.close();
    this.#queues.clear();
  }
}
