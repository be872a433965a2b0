import {
  POLL_BURST_DATAGRAMS,
  POLL_IDLE_TICKS,
  TRICKLE_BURST_DATAGRAMS,
  TRICKLE_BURSTS,
  TRICKLE_GAP_MS,
  TRICKLE_PENALTY,
} from "../constants.ts";

/**
 * Notices when datagrams come one by one without a pause, as they do on a slow link: waking up for each costs more than the datagram
 * itself, so the socket is looked at by a timer instead, until they come in bursts or cease.
 */
export class Trickle {
  #bursts = 0;
  #lastBurstMs = Number.NEGATIVE_INFINITY;
  #idleTicks = 0;

  /** The system said that there was something, and so many datagrams were there. True when a timer should take over. */
  woken(datagrams: number, nowMs: number): boolean {
    const trickles = datagrams <= TRICKLE_BURST_DATAGRAMS && nowMs - this.#lastBurstMs <= TRICKLE_GAP_MS;
    this.#bursts = trickles ? this.#bursts + 1 : Math.max(0, this.#bursts - TRICKLE_PENALTY);
    this.#lastBurstMs = nowMs;
    this.#idleTicks = 0;
    return this.#bursts >= TRICKLE_BURSTS;
  }

  /** The timer has looked, and so many datagrams were there. True when the system should wake us again. */
  polled(datagrams: number): boolean {
    this.#idleTicks = datagrams === 0 ? this.#idleTicks + 1 : 0;
    const over = this.#idleTicks >= POLL_IDLE_TICKS || datagrams >= POLL_BURST_DATAGRAMS;
    if (over) this.#bursts = 0;
    return over;
  }
}
