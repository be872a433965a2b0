import type { PeerId } from "@lanspread/proto";
import type { Clock } from "./clock.ts";
import { ASK_AGAIN_MS, CATCH_UP_AFTER_MS, OLDER_ANNOUNCEMENT_MS } from "./constants.ts";
import { Timer } from "./timer.ts";

export interface CatchUpOptions {
  readonly clock: Clock;
  /** The revision held of a connected peer; undefined for others. */
  readonly held: (peerId: PeerId) => number | undefined;
  /** Asks the peer for its library and applies the answer. */
  readonly ask: (peerId: PeerId) => Promise<void>;
}

interface Watched {
  /** The newest announcement; null where there was none. */
  announced: number | null;
  /** The announcement that was asked about already: a peer that announces what it has not is asked once. */
  asked: number | null;
  /** What is held is known not to be everything, or not known to be the truth. */
  doubtful: boolean;
  asking: boolean;
  /** When the peer was asked last, ms. */
  askedAt: number;
  /** What the timer waits for. Patience begins anew where this becomes another. */
  waitsFor: string | null;
  readonly timer: Timer;
}

interface Need {
  readonly why: string;
  readonly patienceMs: number;
}

const RETRY = "retry";

/**
 * Heals lost changes: asks a peer for its whole library where what is held of it cannot be the truth. That is so at once
 * after a change that does not fit, and after a while where the peer goes on announcing another revision than is held.
 */
export class CatchUp {
  readonly #options: CatchUpOptions;
  readonly #peers = new Map<PeerId, Watched>();

  constructor(options: CatchUpOptions) {
    this.#options = options;
  }

  /** A peer's record shows this revision, be it held or not. */
  announced(peerId: PeerId, revision: number): void {
    const watched = this.#watch(peerId);
    if (watched.announced !== revision) {
      watched.announced = revision;
      watched.asked = null;
    }
    this.check(peerId);
  }

  /** A peer's record is gone. While it is connected, what is in doubt stays in doubt. */
  unannounced(peerId: PeerId): void {
    const watched = this.#peers.get(peerId);
    if (watched === undefined) return;
    if (this.#options.held(peerId) === undefined) {
      this.forget(peerId);
      return;
    }
    watched.announced = null;
    watched.asked = null;
    this.check(peerId);
  }

  /** What is held of a peer is not, or may not be, what it has. */
  doubt(peerId: PeerId): void {
    this.#watch(peerId).doubtful = true;
    this.check(peerId);
  }

  /** A hello has brought the whole library. It may be less than was announced. */
  greeted(peerId: PeerId): void {
    const watched = this.#peers.get(peerId);
    if (watched === undefined) return;
    watched.doubtful = false;
    this.check(peerId);
  }

  /** Looks again at what is held. */
  check(peerId: PeerId): void {
    const watched = this.#peers.get(peerId);
    if (watched === undefined || watched.asking) return;
    const need = this.#need(peerId, watched);
    if (need === null) {
      watched.waitsFor = null;
      watched.timer.clear();
      return;
    }
    if (watched.timer.isSet && (watched.waitsFor === need.why || watched.waitsFor === RETRY)) return;
    const { clock } = this.#options;
    const rested = watched.askedAt + CATCH_UP_AFTER_MS - clock.now();
    this.#wait(peerId, watched, need.why, Math.max(need.patienceMs, rested));
  }

  /** A peer's record and its connections are gone. */
  forget(peerId: PeerId): void {
    this.#peers.get(peerId)?.timer.clear();
    this.#peers.delete(peerId);
  }

  stop(): void {
    for (const peerId of [...this.#peers.keys()]) this.forget(peerId);
  }

  #watch(peerId: PeerId): Watched {
    let watched = this.#peers.get(peerId);
    if (watched === undefined) {
      watched = {
        announced: null,
        asked: null,
        doubtful: false,
        asking: false,
        askedAt: Number.NEGATIVE_INFINITY,
        waitsFor: null,
        timer: new Timer(this.#options.clock),
      };
      this.#peers.set(peerId, watched);
    }
    return watched;
  }

  #need(peerId: PeerId, { announced, asked, doubtful }: Watched): Need | null {
    const held = this.#options.held(peerId);
    if (held === undefined) return null;
    if (doubtful) return { why: "doubt", patienceMs: 0 };
    if (announced === null || announced === held || announced === asked) return null;
    // Changes are still coming: what is held moves on.
    if (announced > held) return { why: `newer than ${held}`, patienceMs: CATCH_UP_AFTER_MS };
    return { why: `older: ${announced}`, patienceMs: OLDER_ANNOUNCEMENT_MS };
  }

  #wait(peerId: PeerId, watched: Watched, waitsFor: string, delayMs: number): void {
    watched.waitsFor = waitsFor;
    watched.timer.set(() => {
      watched.waitsFor = null;
      const need = this.#need(peerId, watched);
      if (need !== null && (need.why === waitsFor || waitsFor === RETRY)) void this.#ask(peerId, watched);
      else this.check(peerId);
    }, delayMs);
  }

  async #ask(peerId: PeerId, watched: Watched): Promise<void> {
    const about = watched.announced;
    watched.asking = true;
    watched.doubtful = false;
    watched.askedAt = this.#options.clock.now();
    let failed = false;
    try {
      await this.#options.ask(peerId);
      if (watched.announced === about) watched.asked = about;
    } catch {
      failed = true;
    }
    watched.asking = false;
    if (this.#peers.get(peerId) !== watched) return;
    if (!failed) return this.check(peerId);
    watched.doubtful = true;
    this.#wait(peerId, watched, RETRY, ASK_AGAIN_MS);
  }
}
