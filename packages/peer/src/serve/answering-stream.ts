import type { RequestStream, Waiting } from "../transfer/index.ts";

/**
 * A stream that is being answered. It remembers how far that went, which decides how a failure can be told.
 *
 * The last byte waits for what comes behind it, another byte or the end: the end of a stream then never travels alone.
 * The native QUIC library forgets a stream whose bytes are all acknowledged when the other direction is read to its end,
 * also when its own end is still to be sent, or lost on the way.
 */
export class AnsweringStream {
  readonly #stream: RequestStream;
  #lastByte: Uint8Array | null = null;
  #begun = false;
  #broken = false;

  constructor(stream: RequestStream) {
    this.#stream = stream;
  }

  /** Bytes of an answer may be on their way: an error can only be told by a reset now. */
  get begun(): boolean {
    return this.#begun;
  }

  /** The other side, the connection or a signal ended it: what failed then is no fault of the own side. */
  get broken(): boolean {
    return this.#broken;
  }

  async read(into: Uint8Array, options?: Waiting): Promise<number> {
    try {
      return await this.#stream.read(into, options);
    } catch (error) {
      this.#broken = true;
      throw error;
    }
  }

  async write(bytes: Uint8Array, options?: Waiting): Promise<void> {
    if (bytes.length === 0) return;
    const before = this.#takeLastByte();
    // A copy: the caller may use its buffer again.
    this.#lastByte = Uint8Array.from(bytes.subarray(-1));
    if (before !== null) await this.#take(this.#stream.write(before, options));
    if (bytes.length > 1) await this.#take(this.#stream.write(bytes.subarray(0, -1), options));
  }

  /** As {@link write} for bytes behind which others come for certain, with {@link end}: none of them waits. */
  async writeOn(bytes: Uint8Array, options?: Waiting): Promise<void> {
    const before = this.#takeLastByte();
    if (before !== null) await this.#take(this.#stream.write(before, options));
    await this.#take(this.#stream.write(bytes, options));
  }

  /** The last bytes, at least one, and the end with them. */
  async end(bytes: Uint8Array, options?: Waiting): Promise<void> {
    const before = this.#takeLastByte();
    if (before !== null) await this.#take(this.#stream.write(before, options));
    // No end without the bytes, of which none would be taken.
    if (options?.signal?.aborted === true) await this.#take(Promise.reject(options.signal.reason));
    const written = this.#stream.write(bytes, options);
    this.#stream.finish();
    await this.#take(written);
  }

  finish(): void {
    // In one turn with the end. Where it fails, what is done next with the stream says so.
    if (this.#lastByte !== null) this.#stream.write(this.#lastByte).catch(() => {});
    this.#lastByte = null;
    this.#stream.finish();
  }

  /** Whatever the other side still sends is read by nobody. */
  stop(code: number): void {
    this.#stream.stop(code);
  }

  /** Ends both directions. */
  giveUp(code: number): void {
    this.#stream.reset(code);
    this.#stream.stop(code);
  }

  /** Bytes of the answer may be on their way from now on. */
  #takeLastByte(): Uint8Array | null {
    this.#begun = true;
    const last = this.#lastByte;
    this.#lastByte = null;
    return last;
  }

  async #take(written: Promise<void>): Promise<void> {
    try {
      await written;
    } catch (error) {
      this.#broken = true;
      throw error;
    }
  }
}
