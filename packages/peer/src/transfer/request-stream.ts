/** Options of everything here that waits. */
export interface Waiting {
  readonly signal?: AbortSignal;
}

/** A bidirectional stream as requests need it; a QUIC stream is one. */
export interface RequestStream {
  /**
   * Waits for bytes, and puts as many into `into` as there are and fit.
   * @returns how many; 0 when the other side has finished
   */
  read(into: Uint8Array, options?: Waiting): Promise<number>;
  /** Resolves when the transport has taken the bytes: the caller may use the buffer again, and has back-pressure. */
  write(bytes: Uint8Array, options?: Waiting): Promise<void>;
  /** No more bytes from this side. */
  finish(): void;
  /** Gives up sending. `code` is one of the reset codes of the wire. */
  reset(code: number): void;
  /** Asks the other side to send no more. */
  stop(code: number): void;
}

/**
 * Reads until `into` is full or the other side has finished.
 * @returns the bytes read; fewer than `into` holds only at the end of the stream
 */
export async function readFully(
  stream: Pick<RequestStream, "read">,
  into: Uint8Array,
  options: Waiting = {},
): Promise<number> {
  let filled = 0;
  while (filled < into.length) {
    const count = await stream.read(filled === 0 ? into : into.subarray(filled), options);
    if (count === 0) break;
    filled += count;
  }
  return filled;
}
