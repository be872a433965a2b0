import type { PeerId } from "@lanspread/proto";
import { ETA_AFTER_MS, MAX_IDLE_SOURCES, RATE_SLOT_MS, RATE_WINDOW_MS, STALL_MS } from "./constants.ts";

/** Where a download stands. */
export interface ProgressSample {
  /** Verified bytes, each piece once; what was resumed counts. */
  readonly doneBytes: number;
  readonly totalBytes: number;
  /** Received bytes per second over the last 5 s, right or wrong. */
  readonly bytesPerSecond: number;
  /**
   * By the rate since bytes began to come, over the last 5 s at most: a stall is not in it. Null where nothing comes and
   * in the first second in which something does. 0 at the end.
   */
  readonly etaSeconds: number | null;
  /** Sources with units in flight. */
  readonly sources: number;
  /** Received bytes per second of each source that has delivered anything. */
  readonly rates: Readonly<Record<PeerId, number>>;
}

/**
 * Bytes per second over a sliding window. All times are of one monotonic clock, in milliseconds, and never go back.
 * Before a whole window has passed, the rate is that of the time since the first look.
 */
export class RateMeter {
  readonly #start: number;
  readonly #slots: { readonly at: number; bytes: number }[] = [];
  #sum = 0;

  constructor(now: number) {
    this.#start = now;
  }

  add(bytes: number, now: number): void {
    const at = Math.floor(now / RATE_SLOT_MS) * RATE_SLOT_MS;
    const last = this.#slots.at(-1);
    if (last !== undefined && last.at >= at) last.bytes += bytes;
    else this.#slots.push({ at, bytes });
    this.#sum += bytes;
    this.#forget(now);
  }

  /** Bytes per second. */
  rate(now: number): number {
    this.#forget(now);
    const span = Math.min(RATE_WINDOW_MS, Math.max(now - this.#start, RATE_SLOT_MS));
    return (this.#sum * 1000) / span;
  }

  #forget(now: number): void {
    let first = this.#slots[0];
    while (first !== undefined && first.at <= now - RATE_WINDOW_MS) {
      this.#sum -= first.bytes;
      this.#slots.shift();
      first = this.#slots[0];
    }
  }
}

/** The rate that tells the time left: that of the bytes since they began to come, and none during a stall. */
class FlowMeter {
  #flow: { readonly since: number; last: number; readonly meter: RateMeter } | null = null;

  add(bytes: number, now: number): void {
    if (this.#flow === null || now - this.#flow.last > STALL_MS) {
      this.#flow = { since: now, last: now, meter: new RateMeter(now) };
    }
    this.#flow.last = now;
    this.#flow.meter.add(bytes, now);
  }

  /** Bytes per second; null where nothing can be said. */
  rate(now: number): number | null {
    if (this.#flow === null) return null;
    const { since, last, meter } = this.#flow;
    return now - last > STALL_MS || now - since < ETA_AFTER_MS ? null : meter.rate(now);
  }
}

/** Counts what comes and what is verified. */
export class ProgressMeter {
  readonly #totalBytes: number;
  readonly #start: number;
  readonly #all: RateMeter;
  readonly #flow = new FlowMeter();
  readonly #bySource = new Map<PeerId, RateMeter>();
  #doneBytes: number;

  /** @param doneBytes verified already: of a download that goes on */
  constructor(totalBytes: number, doneBytes: number, now: number) {
    this.#totalBytes = totalBytes;
    this.#doneBytes = doneBytes;
    this.#start = now;
    this.#all = new RateMeter(now);
  }

  /** Bytes came from a source, right or wrong. */
  received(peerId: PeerId, bytes: number, now: number): void {
    this.#all.add(bytes, now);
    this.#flow.add(bytes, now);
    let source = this.#bySource.get(peerId);
    if (source === undefined) {
      source = new RateMeter(this.#start);
      this.#bySource.set(peerId, source);
    }
    source.add(bytes, now);
  }

  /** A piece is right and counts from now on. The caller reports each one once. */
  verified(bytes: number): void {
    this.#doneBytes += bytes;
  }

  rateOf(peerId: PeerId, now: number): number {
    return this.#bySource.get(peerId)?.rate(now) ?? 0;
  }

  /** @param sources sources with units in flight */
  sample(now: number, sources: number): ProgressSample {
    const left = this.#totalBytes - this.#doneBytes;
    const flow = this.#flow.rate(now);
    const eta = flow === null ? null : left / flow;
    const rates: Record<PeerId, number> = {};
    for (const [peerId, meter] of this.#bySource) {
      const rate = meter.rate(now);
      if (rate === 0 && this.#bySource.size > MAX_IDLE_SOURCES) this.#bySource.delete(peerId);
      else rates[peerId] = rate;
    }
    return {
      doneBytes: this.#doneBytes,
      totalBytes: this.#totalBytes,
      bytesPerSecond: this.#all.rate(now),
      etaSeconds: left === 0 ? 0 : eta,
      sources,
      rates,
    };
  }
}
