import type { Clock } from "./clock.ts";
import { heard, type Liveness, type LivenessLimits, missedPing, nextStep, pinged } from "./liveness.ts";
import { Timer } from "./timer.ts";

export interface HeartbeatOptions {
  readonly clock: Clock;
  /**
   * Sends a ping; resolves when the pong is there, and gives up by itself where none comes. A failure counts when its time
   * is up, not before.
   */
  readonly ping: (signal: AbortSignal) => Promise<void>;
  /** Default: those of every peer. */
  readonly limits?: LivenessLimits;
  /** The other end is gone. Called at most once. */
  readonly onLost: (reason: string) => void;
}

/** Watches over one connection: does what {@link nextStep} decides. */
export class Heartbeat {
  readonly #options: HeartbeatOptions;
  #state: Liveness;
  readonly #timer: Timer;
  #ping: AbortController | null = null;
  #stopped = false;

  constructor(options: HeartbeatOptions) {
    this.#options = options;
    this.#timer = new Timer(options.clock);
    this.#state = heard(options.clock.now());
    this.#step();
  }

  /** Any message of the other end has come. */
  heard(): void {
    // The timer is left alone: it finds out by itself how long it still has to wait. So is a ping under way: these may be
    // the first bytes of its pong.
    this.#state = heard(this.#options.clock.now());
    this.#ping = null;
  }

  stop(): void {
    this.#stopped = true;
    this.#timer.clear();
    this.#ping?.abort();
    this.#ping = null;
  }

  #step(): void {
    const { clock, limits, onLost } = this.#options;
    while (!this.#stopped) {
      const step = nextStep(this.#state, clock.now(), limits);
      switch (step.do) {
        case "wait":
          this.#timer.set(() => this.#step(), step.forMs);
          return;
        case "ping":
          this.#state = pinged(this.#state, clock.now());
          void this.#sendPing();
          break;
        case "miss":
          this.#state = missedPing(this.#state);
          this.#ping?.abort();
          this.#ping = null;
          break;
        case "lose":
          this.stop();
          onLost(step.reason);
      }
    }
  }

  async #sendPing(): Promise<void> {
    const controller = new AbortController();
    this.#ping = controller;
    try {
      await this.#options.ping(controller.signal);
      if (this.#ping === controller) this.heard();
    } catch {
      // No pong is what `miss` is for; a connection that is over ends this heartbeat by itself.
    }
  }
}
