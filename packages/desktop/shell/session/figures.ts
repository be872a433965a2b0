import type { RuntimeEvent } from "@lanspread/proto";
import { replacedBy } from "../../protocol/figures.ts";
import { FIGURES_MS, MOST_FIGURES } from "../constants.ts";

/**
 * Events of figures that wait to be sent together: what twenty downloads say many times a second costs a page a message of
 * its own each time, and nobody reads it faster than a few times a second.
 */
export class Figures {
  readonly #send: (events: readonly RuntimeEvent[]) => void;
  #waiting = new Map<string | RuntimeEvent, RuntimeEvent>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(send: (events: readonly RuntimeEvent[]) => void) {
    this.#send = send;
  }

  push(event: RuntimeEvent): void {
    const key = replacedBy(event) ?? event;
    // Behind what it may not overtake.
    this.#waiting.delete(key);
    this.#waiting.set(key, event);
    if (this.#waiting.size >= MOST_FIGURES) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), FIGURES_MS);
  }

  /** Sends what waits now: before anything that has to come behind it. */
  flush(): void {
    const events = [...this.#waiting.values()];
    this.clear();
    if (events.length > 0) this.#send(events);
  }

  /** Forgets what waits. */
  clear(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#waiting = new Map();
  }
}
