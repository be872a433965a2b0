/**
 * Which of the other side's bidirectional streams were seen already. They are numbered without gaps but may appear out of order, so
 * everything up to a mark is known, plus a few above it (never more than the stream limit).
 */
export class PeerStreams {
  readonly #first: number;
  #below = 0;
  readonly #above = new Set<number>();

  /** @param first 1 on the side that dialled (the other's streams are 1, 5, 9 …), 0 on the other. RFC 9000, 2.1. */
  constructor(first: 0 | 1) {
    this.#first = first;
  }

  /** Notes a stream id. True the first time, for the other side's bidirectional streams only. */
  isNew(id: number): boolean {
    if ((id & 3) !== this.#first) return false;
    const sequence = Math.floor(id / 4);
    if (sequence < this.#below || this.#above.has(sequence)) return false;
    this.#above.add(sequence);
    while (this.#above.delete(this.#below)) this.#below++;
    return true;
  }
}
