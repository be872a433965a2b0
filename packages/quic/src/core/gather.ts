import { FULL_DATAGRAM_SHARE, GATHER_DATAGRAMS, GATHER_MS } from "./constants.ts";

/**
 * Decides when received datagrams are worth a round (reading, writing, acknowledging). On a slow link every datagram comes alone, and
 * a round for each would cost a whole core; on a quiet one nobody may wait.
 *
 * Waiting is for transfers only: full datagrams, with the last round not long ago. A datagram that is not full ends what its sender
 * had to say, so its round is due at once.
 */
export class Gather {
  #largest = 0;
  #waiting = 0;
  #partial = false;
  #lastRoundMs = Number.NEGATIVE_INFINITY;

  /** Notes a datagram. True when it may wait without asking: the count is low, it is full, and others wait already. */
  note(bytes: number): boolean {
    if (bytes > this.#largest) this.#largest = bytes;
    if (bytes < this.#largest * FULL_DATAGRAM_SHARE) this.#partial = true;
    this.#waiting++;
    return !this.#partial && this.#waiting > 1 && this.#waiting < GATHER_DATAGRAMS;
  }

  /** True when the datagrams that wait should get their round now. */
  isDue(nowMs: number): boolean {
    if (this.#waiting === 0) return false;
    return this.#partial || this.#waiting >= GATHER_DATAGRAMS || nowMs - this.#lastRoundMs >= GATHER_MS;
  }

  /** The round takes place: start afresh. */
  took(nowMs: number): void {
    this.#waiting = 0;
    this.#partial = false;
    this.#lastRoundMs = nowMs;
  }
}
