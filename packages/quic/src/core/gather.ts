import { FULL_DATAGRAM_SHARE, GATHER_DATAGRAMS, GATHER_MAX_MS, GATHER_MIN_MS } from "./constants.ts";

/** Still coming when the last datagram is not older than this share of the wait, or than this many ms: timers are no finer. */
const FRESH_SHARE = 0.25;
const FRESH_MS = 1.5;

/**
 * Decides when received datagrams are worth a round (reading, writing, acknowledging). On a slow link every datagram comes alone, and
 * a round for each would cost a whole core, here and where the acknowledgement goes; on a quiet one nobody may wait.
 *
 * Waiting is for transfers only: full datagrams, with the last round not long ago. A datagram that is not full ends what its sender
 * had to say, so its round is due at once. How long it pays to wait is learned: when datagrams were still coming at the end, the sender
 * had more to send than the link could carry meanwhile, and the next wait is longer; when they had ceased, the sender's window was
 * empty and it waited for us, so the next wait is short.
 */
export class Gather {
  #largest = 0;
  #waiting = 0;
  #partial = false;
  #lastRoundMs = Number.NEGATIVE_INFINITY;
  #lastDatagramMs = Number.NEGATIVE_INFINITY;
  #waitMs = GATHER_MIN_MS;

  /** How long the datagrams that wait now may wait in all, in ms. */
  get waitMs(): number {
    return this.#waitMs;
  }

  /** Notes a datagram. True when it may wait without asking: the count is low, it is full, and others wait already. */
  note(bytes: number, nowMs: number): boolean {
    if (bytes > this.#largest) this.#largest = bytes;
    if (bytes < this.#largest * FULL_DATAGRAM_SHARE) this.#partial = true;
    this.#lastDatagramMs = nowMs;
    this.#waiting++;
    return !this.#partial && this.#waiting > 1 && this.#waiting < GATHER_DATAGRAMS;
  }

  /** True when the datagrams that wait should get their round now. */
  isDue(nowMs: number): boolean {
    if (this.#waiting === 0) return false;
    return this.#partial || this.#waiting >= GATHER_DATAGRAMS || nowMs - this.#lastRoundMs >= this.#waitMs;
  }

  /** The round takes place: start afresh. */
  took(nowMs: number): void {
    if (!this.#partial && this.#waiting < GATHER_DATAGRAMS) {
      const coming = nowMs - this.#lastDatagramMs <= Math.max(FRESH_MS, this.#waitMs * FRESH_SHARE);
      this.#waitMs = coming ? Math.min(GATHER_MAX_MS, this.#waitMs + 1) : GATHER_MIN_MS;
    }
    this.#waiting = 0;
    this.#partial = false;
    this.#lastRoundMs = nowMs;
  }
}
