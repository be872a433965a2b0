/**
 * Reads the fields of a header one after the other. A class, since an archive may have as many as a million of them: what
 * a function makes anew for each header would be most of the memory that a listing takes.
 *
 * Its methods throw a RangeError where a field does not end inside.
 */
export class HeaderFields {
  readonly #buffer: Buffer;
  #position = 0;

  constructor(buffer: Buffer) {
    this.#buffer = buffer;
  }

  /** Bytes that are read or skipped. */
  get position(): number {
    return this.#position;
  }

  /** Whether there is more to read. */
  get hasMore(): boolean {
    return this.#position < this.#buffer.length;
  }

  skip(bytes: number): void {
    this.#take(bytes);
  }

  bytes(count: number): Buffer {
    const at = this.#take(count);
    return this.#buffer.subarray(at, at + count);
  }

  text(bytes: number): string {
    const at = this.#take(bytes);
    return this.#buffer.toString("utf8", at, at + bytes);
  }

  /** A number of variable length: seven bits per byte, lowest first. */
  number(): number {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = this.#buffer.readUInt8(this.#take(1));
      value += (byte & 0x7f) * factor;
      if (!Number.isSafeInteger(value)) throw new RangeError("a number is too large");
      if (byte < 0x80) return value;
    }
  }

  uint32(): number {
    return this.#buffer.readUInt32LE(this.#take(4));
  }

  uint64(): bigint {
    return this.#buffer.readBigUInt64LE(this.#take(8));
  }

  #take(count: number): number {
    const at = this.#position;
    if (count > this.#buffer.length - at) throw new RangeError("a field leads out of its header");
    this.#position += count;
    return at;
  }
}
