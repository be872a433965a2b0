import type { PeerId } from "@lanspread/proto";

/** Pieces that came wrong and are not right yet, and who sent them: each is asked of somebody else while there is somebody. */
export class Blame {
  readonly #senders = new Map<number, Set<PeerId>>();

  /** The pieces, in the order in which they came wrong first. */
  pieces(): readonly number[] {
    return [...this.#senders.keys()];
  }

  has(piece: number): boolean {
    return this.#senders.has(piece);
  }

  isSentBy(peerId: PeerId, piece: number): boolean {
    return this.#senders.get(piece)?.has(peerId) === true;
  }

  note(peerId: PeerId, piece: number): void {
    const senders = this.#senders.get(piece);
    if (senders === undefined) this.#senders.set(piece, new Set([peerId]));
    else senders.add(peerId);
  }

  /** The piece is right. */
  forget(piece: number): void {
    this.#senders.delete(piece);
  }
}
