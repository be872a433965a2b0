import type { PeerId } from "@lanspread/proto";
import type { Clock } from "./clock.ts";
import { BACKOFF_LONGEST_MS, CATCH_UP_AFTER_MS } from "./constants.ts";
import { Timer } from "./timer.ts";

export interface CatchUpOptions {
  readonly clock: Clock;
  /** The revision held of a connected peer; undefined for others. */
  readonly held: (peerId: PeerId) => number | undefined;
  /** Asks the peer for its library and applies the answer. */
  readonly ask: (peerId: PeerId) => Promise<void>;
}

interface Behind {
  announced: number;
  /** The announced revision that was asked for already: a peer that announces more than it has is asked once. */
  asked: number;
  readonly timer: Timer;
}

/** Heals lost changes: a peer that announces a newer library than is held, for a while, is asked for all of it. */
export class CatchUp {
  readonly #options: CatchUpOptions;
  readonly #peers = new Map<PeerId, Behind>();

  constructor(options: CatchUpOptions) {
    this.#options = options;
  }

  /** A peer is known to have this revision, be it held or not. */
  announced(peerId: PeerId, revision: number): void {
    const behind = this.#peers.get(peerId) ?? {
      announced: revision,
      asked: -1,
      timer: new Timer(this.#options.clock),
    };
    behind.announced = revision;
    this.#peers.set(peerId, behind);
    this.check(peerId);
  }

  /** Looks again: a hello may have brought less than was announced. */
  check(peerId: PeerId): void {
    const behind = this.#peers.get(peerId);
    if (behind === undefined || behind.timer.isSet || !this.#isBehind(peerId, behind)) return;
    this.#arm(peerId, behind, CATCH_UP_AFTER_MS);
  }

  /** A peer's record and its connections are gone. */
  forget(peerId: PeerId): void {
    this.#peers.get(peerId)?.timer.clear();
    this.#peers.delete(peerId);
  }

  stop(): void {
    for (const peerId of [...this.#peers.keys()]) this.forget(peerId);
  }

  #isBehind(peerId: PeerId, { announced, asked }: Behind): boolean {
    const held = this.#options.held(peerId);
    return held !== undefined && announced > held && announced !== asked;
  }

  #arm(peerId: PeerId, behind: Behind, delayMs: number): void {
    behind.timer.set(() => {
      if (this.#isBehind(peerId, behind)) void this.#ask(peerId, behind);
    }, delayMs);
  }

  async #ask(peerId: PeerId, behind: Behind): Promise<void> {
    behind.asked = behind.announced;
    try {
      await this.#options.ask(peerId);
      this.check(peerId);
    } catch {
      behind.asked = -1;
      if (this.#peers.get(peerId) === behind && !behind.timer.isSet) {
        this.#arm(peerId, behind, BACKOFF_LONGEST_MS);
      }
    }
  }
}
