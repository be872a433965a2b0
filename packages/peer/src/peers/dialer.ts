import type { PeerId } from "@lanspread/proto";
import { backoffMs } from "./backoff.ts";
import type { Clock } from "./clock.ts";
import {
  BACKOFF_LONGEST_MS,
  DIAL_PATIENCE_MS,
  MAX_DIALS_AT_ONCE,
  MAX_DIALS_TO_ONE,
  MAX_RECORDS,
  MAX_RECORDS_OF_ONE,
} from "./constants.ts";
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
  /** Dials that run, by {@link machineOf}. */
  readonly #perMachine = new Map<string, number>();

  constructor(options: DialerOptions) {
    this.#options = options;
  }

  /** A peer is announced, or its announcement has changed. */
  seen(seen: SeenPeer): void {
    const { peerId } = seen;
    const where = JSON.stringify(seen.addresses);
    const target = this.#targets.get(peerId);
    if (target === undefined) {
      if (!this.#hasRoomFor(machineOf(seen))) return;
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

  #hasRoomFor(machine: string): boolean {
    if (this.#targets.size >= MAX_RECORDS) return false;
    let there = 0;
    for (const target of this.#targets.values()) if (machineOf(target.seen) === machine) there += 1;
    return there < MAX_RECORDS_OF_ONE;
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
    const machine = machineOf(target.seen);
    if (!this.#hasPlace(machine)) {
      this.#waiting.add(peerId);
      return;
    }
    this.#perMachine.set(machine, (this.#perMachine.get(machine) ?? 0) + 1);
    const running = this.#dial(peerId, target).finally(() => {
      this.#running.delete(running);
      const left = (this.#perMachine.get(machine) ?? 0) - 1;
      if (left > 0) this.#perMachine.set(machine, left);
      else this.#perMachine.delete(machine);
      this.#startNext();
    });
    this.#running.add(running);
  }

  #hasPlace(machine: string): boolean {
    const { size } = this.#running;
    return size < MAX_DIALS_AT_ONCE && (this.#perMachine.get(machine) ?? 0) < MAX_DIALS_TO_ONE;
  }

  /** Fills the free places: who failed least comes first, of these who has waited longest. */
  #startNext(): void {
    const waiting = [...this.#waiting]
      .map((peerId) => ({ peerId, target: this.#targets.get(peerId) }))
      .sort((a, b) => (a.target?.failures ?? 0) - (b.target?.failures ?? 0));
    for (const { peerId, target } of waiting) {
      if (this.#running.size >= MAX_DIALS_AT_ONCE) return;
      if (target !== undefined && !this.#hasPlace(machineOf(target.seen))) continue;
      this.#waiting.delete(peerId);
      this.#start(peerId);
    }
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

/** The machine that an announced peer is on; all that none vouches for count as one. */
function machineOf({ addresses }: SeenPeer): string {
  return addresses.find(({ vouched }) => vouched === true)?.host ?? "";
}
