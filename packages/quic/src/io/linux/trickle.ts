import {
  BULK_DATAGRAM_BYTES,
  POLL_BULK_DATAGRAMS,
  POLL_FAST_DATAGRAMS_PER_MS,
  POLL_IDLE_LOOKS,
  POLL_LATER,
  POLL_LOOK_DATAGRAMS,
  POLL_MAX_MS,
  POLL_MIN_MS,
  POLL_SOONER,
  POLL_STALLED_SHARE,
  TRICKLE_BURST_DATAGRAMS,
  TRICKLE_BURSTS,
  TRICKLE_GAP_MS,
  TRICKLE_ODD_PENALTY,
  TRICKLE_PENALTY,
} from "../constants.ts";

/**
 * Notices when a transfer's datagrams come one by one without a pause, as they do on a slow link: waking up for each costs more than
 * the datagram itself, so the socket is looked at by a timer instead, until they come in bursts, or cease, or something else comes.
 *
 * Only bulk may wait for the timer. Its datagrams are large and of one length, but for one at the end of what the sender's window
 * allowed. Requests, acknowledgements and short answers keep the polling from beginning, and one that came last makes the next look
 * come soon: its sender may have said all it had to say. So does a rate that falls: the sender waits for an acknowledgement.
 */
export class Trickle {
  #length = 0;
  #odd = false;
  #oddLast = false;
  #bursts = 0;
  #lastBurstMs = Number.NEGATIVE_INFINITY;
  #idleLooks = 0;
  #pollMs = POLL_MIN_MS;
  #lastLookMs = 0;
  #lastRate = 0;

  /** When the timer should look next, in ms. */
  get pollMs(): number {
    return this.#pollMs;
  }

  /** Notes a datagram of so many bytes: to be called for each, before `woken` or `polled`. */
  note(bytes: number): void {
    this.#oddLast = bytes !== this.#length;
    if (!this.#oddLast) return;
    this.#odd = true;
    if (bytes >= BULK_DATAGRAM_BYTES) this.#length = bytes;
  }

  /** The system said that there was something, and so many datagrams were there. True when a timer should take over. */
  woken(datagrams: number, nowMs: number): boolean {
    const close = nowMs - this.#lastBurstMs <= TRICKLE_GAP_MS;
    if (this.#odd) this.#bursts -= TRICKLE_ODD_PENALTY;
    else if (close && datagrams <= TRICKLE_BURST_DATAGRAMS) this.#bursts++;
    else this.#bursts -= TRICKLE_PENALTY;
    this.#bursts = Math.max(0, this.#bursts);
    this.#odd = false;
    this.#lastBurstMs = nowMs;
    this.#idleLooks = 0;
    this.#lastLookMs = nowMs;
    this.#lookSoon();
    return this.#bursts >= TRICKLE_BURSTS;
  }

  /** The timer has looked, and so many datagrams were there. True when the system should wake us again. */
  polled(datagrams: number, nowMs: number): boolean {
    const rate = datagrams / Math.max(POLL_MIN_MS, nowMs - this.#lastLookMs);
    this.#lastLookMs = nowMs;
    const more = datagrams >= (this.#oddLast ? POLL_BULK_DATAGRAMS : 1);
    this.#idleLooks = more ? 0 : this.#idleLooks + 1;
    const over = this.#idleLooks >= POLL_IDLE_LOOKS || rate >= POLL_FAST_DATAGRAMS_PER_MS;
    if (over) this.#bursts = 0;
    if (!more) this.#lookSoon();
    else this.#lookAgain(datagrams, rate);
    this.#odd = false;
    return over;
  }

  #lookSoon(): void {
    this.#pollMs = POLL_MIN_MS;
    this.#lastRate = 0;
  }

  /** Later while the rate holds, sooner when the sender has used up its window: then it waits for our acknowledgement. */
  #lookAgain(datagrams: number, rate: number): void {
    const windowUsedUp = this.#oddLast || rate < this.#lastRate * POLL_STALLED_SHARE;
    this.#lastRate = rate;
    if (windowUsedUp) this.#pollMs = Math.max(POLL_MIN_MS, this.#pollMs * POLL_SOONER);
    else if (datagrams < POLL_LOOK_DATAGRAMS) this.#pollMs = Math.min(POLL_MAX_MS, this.#pollMs * POLL_LATER);
  }
}
