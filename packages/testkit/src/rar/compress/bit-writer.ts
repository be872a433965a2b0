const FIRST_BYTES = 64 * 1024;

/** Bits in bytes, the highest bit of a byte first, as the format has them. */
export class BitWriter {
  #bytes = new Uint8Array(FIRST_BYTES);
  #length = 0;
  #rest = 0;
  #restBits = 0;

  /** Appends the lowest `count` bits of `value`, at most 16. */
  write(value: number, count: number): void {
    this.#rest = (this.#rest << count) | value;
    this.#restBits += count;
    while (this.#restBits >= 8) {
      this.#restBits -= 8;
      this.#append((this.#rest >>> this.#restBits) & 0xff);
    }
    this.#rest &= (1 << this.#restBits) - 1;
  }

  /** The bytes, and how many bits of the last one count. Nothing is written afterwards. */
  finish(): { readonly bytes: Uint8Array; readonly lastBits: number } {
    const lastBits = this.#restBits === 0 ? 8 : this.#restBits;
    if (this.#restBits > 0) this.write(0, 8 - this.#restBits);
    return { bytes: this.#bytes.subarray(0, this.#length), lastBits };
  }

  #append(byte: number): void {
    if (this.#length === this.#bytes.length) {
      const larger = new Uint8Array(2 * this.#length);
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    this.#bytes[this.#length] = byte;
    this.#length += 1;
  }
}
