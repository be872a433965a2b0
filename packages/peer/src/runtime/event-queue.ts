import { PROGRESS_EVENT_TYPES, type RuntimeEvent } from "@lanspread/proto";
import { MAX_WAITING_PROGRESS } from "./constants.ts";

/**
 * The events that one reader has not taken yet. Progress is bounded: of {@link MAX_WAITING_PROGRESS} the oldest gives way,
 * and a `progress-missed` before all that waits says how many did. Of the lists of all games, which others make as often and as
 * long as they like, only the newest waits: it says all that those before it said.
 */
export class EventQueue implements AsyncIterableIterator<RuntimeEvent> {
  readonly #onReturn: () => void;
  #waiting: RuntimeEvent[] = [];
  #progress = 0;
  #missed = 0;
  #reader: ((result: IteratorResult<RuntimeEvent>) => void) | undefined;
  #closed = false;

  constructor(onReturn: () => void) {
    this.#onReturn = onReturn;
  }

  push(event: RuntimeEvent): void {
    if (this.#closed) return;
    if (this.#reader !== undefined) {
      const reader = this.#reader;
      this.#reader = undefined;
      reader({ value: event, done: false });
      return;
    }
    if (PROGRESS_EVENT_TYPES.has(event.type)) {
      if (this.#progress >= MAX_WAITING_PROGRESS) {
        const oldest = this.#waiting.findIndex(({ type }) => PROGRESS_EVENT_TYPES.has(type));
        this.#waiting.splice(oldest, 1);
        this.#missed += 1;
      } else {
        this.#progress += 1;
      }
    }
    if (event.type === "list-games") this.#dropOlderList();
    this.#waiting.push(event);
  }

  #dropOlderList(): void {
    const older = this.#waiting.findLastIndex(({ type }) => type === "list-games");
    if (older !== -1) this.#waiting.splice(older, 1);
  }

  close(): void {
    this.#closed = true;
    this.#reader?.({ value: undefined, done: true });
    this.#reader = undefined;
  }

  next(): Promise<IteratorResult<RuntimeEvent>> {
    if (this.#missed > 0) {
      const count = this.#missed;
      this.#missed = 0;
      return Promise.resolve({ value: { type: "progress-missed", count }, done: false });
    }
    const event = this.#waiting.shift();
    if (event !== undefined) {
      if (PROGRESS_EVENT_TYPES.has(event.type)) this.#progress -= 1;
      return Promise.resolve({ value: event, done: false });
    }
    if (this.#closed) return Promise.resolve({ value: undefined, done: true });
    if (this.#reader !== undefined) return Promise.reject(new Error("events has one reader at a time"));
    return new Promise((resolve) => {
      this.#reader = resolve;
    });
  }

  return(): Promise<IteratorResult<RuntimeEvent>> {
    this.#waiting = [];
    this.#missed = 0;
    this.#onReturn();
    this.close();
    return Promise.resolve({ value: undefined, done: true });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
