const NEWLINE = 0x0a;
const EMPTY: Buffer = Buffer.alloc(0);

/**
 * Cuts a stream of bytes into lines of UTF-8. A line that grows beyond the limit is dropped up to its end, unread, and
 * reported once.
 */
export class LineSplitter {
  readonly #maxBytes: number;
  readonly #onLine: (line: string) => void;
  readonly #onTooLong: () => void;
  #parts: Buffer[] = [];
  #bytes = 0;
  #dropping = false;

  constructor(options: {
    readonly maxBytes: number;
    readonly onLine: (line: string) => void;
    readonly onTooLong: () => void;
  }) {
    this.#maxBytes = options.maxBytes;
    this.#onLine = options.onLine;
    this.#onTooLong = options.onTooLong;
  }

  push(chunk: Buffer): void {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      this.#take(chunk.subarray(start, end));
      this.#endLine();
      start = end + 1;
    }
    this.#take(chunk.subarray(start));
  }

  /** The stream is over: what is left is a line. */
  end(): void {
    if (this.#bytes > 0) this.#endLine();
  }

  #take(part: Buffer): void {
    if (part.length === 0 || this.#dropping) return;
    this.#bytes += part.length;
    if (this.#bytes <= this.#maxBytes) {
      this.#parts.push(part);
      return;
    }
    this.#parts = [];
    this.#dropping = true;
    this.#onTooLong();
  }

  #endLine(): void {
    const dropped = this.#dropping;
    const line = this.#parts.length === 1 ? (this.#parts[0] ?? EMPTY) : Buffer.concat(this.#parts);
    this.#parts = [];
    this.#bytes = 0;
    this.#dropping = false;
    if (!dropped) this.#onLine(line.toString("utf8").replace(/\r$/, ""));
  }
}
