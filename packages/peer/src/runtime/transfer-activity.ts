import type { OutboundTransfers } from "../transfer/index.ts";

/** Counts what moves bytes, in either direction: while anything does, the disk is not used for less urgent things. */
export class TransferActivity {
  readonly #onChange: (active: boolean) => void;
  #count = 0;

  constructor(onChange: (active: boolean) => void) {
    this.#onChange = onChange;
  }

  async during<T>(work: () => Promise<T>): Promise<T> {
    this.#count += 1;
    if (this.#count === 1) this.#onChange(true);
    try {
      return await work();
    } finally {
      this.#count -= 1;
      if (this.#count === 0) this.#onChange(false);
    }
  }

  /** Something that moves bytes or does not, as it says: returns where to say so. */
  source(): (moves: boolean) => void {
    let moving = false;
    return (moves) => {
      if (moves === moving) return;
      moving = moves;
      this.#count += moves ? 1 : -1;
      if (this.#count === (moves ? 1 : 0)) this.#onChange(moves);
    };
  }

  /** The same transfers, counted. */
  count(transfers: OutboundTransfers): OutboundTransfers {
    return {
      ...transfers,
      run: (gameId, send, options) => this.during(() => transfers.run(gameId, send, options)),
    };
  }
}
