import {
  HALF_OPEN_BEFORE_RETRY,
  MAX_HALF_OPEN,
  PROVEN_ACCEPTS_PER_SECOND,
  UNPROVEN_ACCEPTS_PER_SECOND,
} from "./constants.ts";

export interface AdmissionLimits {
  readonly maxConnectionsPerAddress: number;
  readonly maxInboundConnections: number;
  readonly retry: "always" | "never" | "under-load";
}

/**
 * What to do with a newcomer's Initial: make a connection for it, have it prove its address first, tell it no, or ignore it.
 * Refusing needs a native connection as well (its answer is encrypted), so it comes from the same budget as accepting.
 */
export type AdmissionVerdict = "accept" | "retry" | "refuse" | "drop";

/** Counts inbound connections per address, and decides about newcomers. Call order: `decide`, `opened`, `established`?, `closed`. */
export class Admission {
  readonly #limits: AdmissionLimits;
  readonly #perHost = new Map<string, number>();
  readonly #unproven = new Budget(UNPROVEN_ACCEPTS_PER_SECOND);
  readonly #proven = new Budget(PROVEN_ACCEPTS_PER_SECOND);
  #inbound = 0;
  #halfOpen = 0;

  constructor(limits: AdmissionLimits) {
    this.#limits = limits;
  }

  /** Inbound handshakes that are not finished. */
  get halfOpen(): number {
    return this.#halfOpen;
  }

  decide(host: string, addressProven: boolean, nowMs: number): AdmissionVerdict {
    const { retry, maxConnectionsPerAddress, maxInboundConnections } = this.#limits;
    if (!addressProven && retry === "always") return "retry";
    const full =
      (this.#perHost.get(host) ?? 0) >= maxConnectionsPerAddress || this.#inbound >= maxInboundConnections;
    if (!addressProven && retry === "under-load" && (full || this.#halfOpen >= HALF_OPEN_BEFORE_RETRY))
      return "retry";
    if (this.#halfOpen >= MAX_HALF_OPEN) return "drop";
    const budget = addressProven ? this.#proven : this.#unproven;
    if (!budget.take(nowMs)) return !addressProven && retry === "under-load" ? "retry" : "drop";
    return full ? "refuse" : "accept";
  }

  opened(host: string): void {
    this.#inbound++;
    this.#halfOpen++;
    this.#perHost.set(host, (this.#perHost.get(host) ?? 0) + 1);
  }

  established(): void {
    this.#halfOpen--;
  }

  /** @param wasEstablished whether `established` was called for this connection. */
  closed(host: string, wasEstablished: boolean): void {
    this.#inbound--;
    if (!wasEstablished) this.#halfOpen--;
    const left = (this.#perHost.get(host) ?? 0) - 1;
    if (left > 0) this.#perHost.set(host, left);
    else this.#perHost.delete(host);
  }
}

/** Token bucket: `perSecond` a second, bursts of as many. */
class Budget {
  readonly #perSecond: number;
  #left: number;
  #atMs = 0;

  constructor(perSecond: number) {
    this.#perSecond = perSecond;
    this.#left = perSecond;
  }

  take(nowMs: number): boolean {
    const elapsed = Math.max(0, nowMs - this.#atMs);
    this.#atMs = nowMs;
    this.#left = Math.min(this.#perSecond, this.#left + (elapsed * this.#perSecond) / 1_000);
    if (this.#left < 1) return false;
    this.#left--;
    return true;
  }
}
