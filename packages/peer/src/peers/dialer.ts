import type { PeerId } from "@lanspread/proto";
import { backoffMs } from "./backoff.ts";
import type { Clock } from "./clock.ts";
import { BACKOFF_LONGEST_MS, DIAL_PATIENCE_MS, MAX_DIALS_AT_ONCE, MAX_RECORDS } from "./constants.ts";
import type { SeenPeer } from "./discovery.ts";
import { Timer } from "./timer.ts";

export interface DialerOptions {
  readonly ownId: PeerId;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** From 0 to below 1. */
  readonly random: () => number;
  readonly isConnected: (peerId: PeerId) => boolean;
  /** Resolves when both have said hello. Its failures are reported elsewhere; here they only lengthen the pause. */
  readonly dial: (seen: SeenPeer, signal: AbortSignal) => Promise<void>;
}

interface Target {
  seen: SeenPeer;
  /** Its addresses, to be compared. */
  where: string;
  /** Dials that failed since the peer was connected last, or since its address became another. */
  failures: number;
  readonly timer: Timer;
  /** Set while a dial runs. */
  dialing: AbortController | null;
}

/**
 * Dials the peers that are announced and not connected, as long as their records live. Of two peers the one with the smaller id
 * dials; the other one does when no hello has come for a while.
 */
export class Dialer {
  readonly #options: DialerOptions;
  readonly #targets = new Map<PeerId, Target>();
  readonly #waiting = new Set<PeerId>();
  readonly #running = new Set<Promise<void>>();

  constructor(options: DialerOptions) {
    this.#options = options;
  }

  /** A peer is announced, or its announcement has changed. */
  seen(seen: SeenPeer): void {
    const { peerId } = seen;
    const where = JSON.stringify(seen.addresses);
    const target = this.#targets.get(peerId);
    if (target === undefined) {
      if (this.#targets.size >= MAX_RECORDS) return;
      this.#targets.set(peerId, {
        seen,
        where,
        failures: 0,
        timer: new Timer(this.#options.clock),
        dialing: null,
      });
      this.#schedule(peerId, this.#patience(peerId));
      return;
    }
    target.seen = seen;
    if (target.where === where) return;
    target.where = where;
    target.failures = 0;
    this.#schedule(peerId, this.#patience(peerId));
  }

  /** A peer is announced no longer. */
  gone(peerId: PeerId): void {
    const target = this.#targets.get(peerId);
    if (target === undefined) return;
    this.#targets.delete(peerId);
    this.#waiting.delete(peerId);
    target.timer.clear();
    target.dialing?.abort();
  }

  /** What is announced of a peer now. */
  announced(peerId: PeerId): SeenPeer | undefined {
    return this.#targets.get(peerId)?.seen;
  }

  /** A peer has said hello, on whatever connection. */
  connected(peerId: PeerId): void {
    const target = this.#targets.get(peerId);
    if (target === undefined) return;
    target.failures = 0;
    target.timer.clear();
  }

  /** A peer's last connection is over. @param leaving it said so: then its record is about to go as well */
  lost(peerId: PeerId, options: { readonly leaving: boolean }): void {
    const pause = options.leaving ? BACKOFF_LONGEST_MS : backoffMs(1, this.#options.random());
    this.#schedule(peerId, Math.max(pause, this.#patience(peerId)));
  }

  /** Resolves when no dial runs any more; the signal is aborted before. */
  async stop(): Promise<void> {
    for (const peerId of [...this.#targets.keys()]) this.gone(peerId);
    await Promise.all(this.#running);
  }

  #patience(peerId: PeerId): number {
    return this.#options.ownId < peerId ? 0 : DIAL_PATIENCE_MS;
  }

  #schedule(peerId: PeerId, delayMs: number): void {
    const target = this.#targets.get(peerId);
    if (target === undefined || target.dialing !== null || this.#options.signal.aborted) return;
    target.timer.set(() => this.#start(peerId), delayMs);
  }

  #start(peerId: PeerId): void {
    const target = this.#targets.get(peerId);
    const { isConnected, signal } = this.#options;
    if (target === undefined || target.dialing !== null || signal.aborted || isConnected(peerId)) return;
    if (this.#running.size >= MAX_DIALS_AT_ONCE) {
      this.#waiting.add(peerId);
      return;
    }
    const running = this.#dial(peerId, target).finally(() => {
      this.#running.delete(running);
      const [next] = this.#waiting;
      if (next === undefined) return;
      this.#waiting.delete(next);
      this.#start(next);
    });
    this.#running.add(running);
  }

  async #dial(peerId: PeerId, target: Target): Promise<void> {
    const { dial, random, signal, isConnected } = this.#options;
    const dialing = new AbortController();
    const { where } = target;
    target.dialing = dialing;
    try {
      await dial(target.seen, AbortSignal.any([signal, dialing.signal]));
    } catch {
      target.failures += 1;
    } finally {
      target.dialing = null;
    }
    if (this.#targets.get(peerId) !== target || isConnected(peerId)) return;
    // Announced elsewhere while the old address was dialled: that failure says nothing of the new one.
    const pause = target.where === where ? backoffMs(target.failures, random()) : 0;
    this.#schedule(peerId, pause);
  }
}
