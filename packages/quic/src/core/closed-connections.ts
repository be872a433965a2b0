import type { Address } from "../types.ts";
import { CLOSED_MEMORY_MS, MAX_CLOSE_REPEATS, MAX_CLOSED_REMEMBERED } from "./constants.ts";

interface Closed {
  readonly lastWords: Uint8Array;
  readonly to: Address;
  readonly untilMs: number;
  repeatsLeft: number;
}

/**
 * Connections that were closed here a moment ago. A peer that has missed the farewell goes on sending; it gets the same datagram
 * again (RFC 9000, 10.2.1), at most a few times.
 */
export class ClosedConnections {
  readonly #byId = new Map<string, Closed>();

  remember(ids: readonly string[], lastWords: Uint8Array, to: Address, nowMs: number): void {
    for (const [id, closed] of this.#byId) {
      if (closed.untilMs > nowMs && this.#byId.size + ids.length <= MAX_CLOSED_REMEMBERED) break;
      this.#byId.delete(id);
    }
    const closed: Closed = {
      lastWords,
      to,
      untilMs: nowMs + CLOSED_MEMORY_MS,
      repeatsLeft: MAX_CLOSE_REPEATS,
    };
    for (const id of ids) this.#byId.set(id, closed);
  }

  /** What to send to a peer that still uses `id`, and where; null when there is nothing (more) to say. */
  repeat(id: string, nowMs: number): { readonly bytes: Uint8Array; readonly to: Address } | null {
    const closed = this.#byId.get(id);
    if (closed === undefined || closed.untilMs <= nowMs || closed.repeatsLeft === 0) return null;
    closed.repeatsLeft--;
    return { bytes: closed.lastWords, to: closed.to };
  }
}
