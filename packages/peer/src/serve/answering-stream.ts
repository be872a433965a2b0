import type { RequestStream, Waiting } from "../transfer/index.ts";

/** A stream that is being answered. It remembers how far that went, which decides how a failure can be told. */
export class AnsweringStream {
  readonly #stream: RequestStream;
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
    this.#begun = true;
    try {
      await this.#stream.write(bytes, options);
    } catch (error) {
      this.#broken = true;
      throw error;
    }
  }

  finish(): void {
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
}
