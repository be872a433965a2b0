import type { HarnessEventLine } from "@lanspread/proto";

/** One event line of a harness: its name, the time in ms since the epoch, its data in snake_case. */
export type HarnessEvent = HarnessEventLine;

/** Chooses an event; `description` is named when it does not come. */
export type EventPredicate = ((event: HarnessEvent) => boolean) & { readonly description?: string };

/** How many of the last events an error names: enough to see what came instead. */
const EVENTS_IN_ERROR = 12;

interface Waiter {
  readonly predicate: EventPredicate;
  readonly resolve: (event: HarnessEvent) => void;
  readonly reject: (error: Error) => void;
}

/** The events of one process in order, and those who wait for one. */
export class EventLog {
  readonly all: HarnessEvent[] = [];
  readonly #name: string;
  readonly #waiters = new Set<Waiter>();
  readonly #handlers = new Set<(event: HarnessEvent) => void>();
  #ended: Error | undefined;

  constructor(name: string) {
    this.#name = name;
  }

  /** @param isKept false: told to those who listen, and forgotten */
  push(event: HarnessEvent, isKept = true): void {
    if (isKept) this.all.push(event);
    for (const waiter of [...this.#waiters]) if (waiter.predicate(event)) waiter.resolve(event);
    for (const handler of this.#handlers) handler(event);
  }

  subscribe(handler: (event: HarnessEvent) => void): () => void {
    this.#handlers.add(handler);
    return () => this.#handlers.delete(handler);
  }

  /** No event comes any more: everybody who waits is told why. */
  end(error: Error): void {
    this.#ended = error;
    for (const waiter of [...this.#waiters]) waiter.reject(error);
  }

  /** The first event at position `from` or later that the predicate accepts; rejects after `deadlineMs`. */
  first(predicate: EventPredicate, from: number, deadlineMs: number): Promise<HarnessEvent> {
    const known = this.all.slice(from).find(predicate);
    if (known !== undefined) return Promise.resolve(known);
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        clearTimeout(timer);
        this.#waiters.delete(waiter);
      };
      const waiter: Waiter = {
        predicate,
        resolve(event) {
          leave();
          resolve(event);
        },
        reject(error) {
          leave();
          reject(error);
        },
      };
      const timer = setTimeout(() => {
        waiter.reject(new Error(this.#missing(predicate, deadlineMs)));
      }, deadlineMs);
      this.#waiters.add(waiter);
    });
  }

  #missing(predicate: EventPredicate, deadlineMs: number): string {
    const last = this.all
      .slice(-EVENTS_IN_ERROR)
      .map((event) => `  ${event.event} ${JSON.stringify(event.data)}`);
    const what = predicate.description ?? "the awaited event";
    return [`${this.#name}: ${what} did not come within ${deadlineMs} ms; last events:`, ...last].join("\n");
  }
}
