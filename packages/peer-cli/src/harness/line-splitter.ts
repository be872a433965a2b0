const NEWLINE = 0x0a;

export interface LineSplitterOptions {
  /** Longest line in bytes, without its line end. */
  readonly maxBytes: number;
  readonly onLine: (text: string) => void;
  /** A line was longer: it was thrown away as it came. */
  readonly onTooLong: () => void;
}

/** Cuts a stream of bytes into lines. Holds one line at most, and never more than the limit. */
export interface LineSplitter {
  push(chunk: Uint8Array): void;
  /** The stream is over: what stands behind the last line end is a line too. */
  end(): void;
}

/** Pure: bytes in, lines out. Lines end with LF or CRLF; bytes that are no UTF-8 become replacement characters. */
export function createLineSplitter({ maxBytes, onLine, onTooLong }: LineSplitterOptions): LineSplitter {
  let parts: Uint8Array[] = [];
  let length = 0;
  let tooLong = false;

  const take = (part: Uint8Array): void => {
    length += part.length;
    if (length > maxBytes) {
      tooLong = true;
      parts = [];
    } else if (part.length > 0) {
      parts.push(part);
    }
  };
  const finish = (): void => {
    const line = parts;
    const refused = tooLong;
    parts = [];
    length = 0;
    tooLong = false;
    if (refused) onTooLong();
    else onLine(Buffer.concat(line).toString("utf8").replace(/\r$/u, ""));
  };
  return {
    push(chunk) {
      let from = 0;
      for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, from)) {
        take(chunk.subarray(from, at));
        finish();
        from = at + 1;
      }
      take(chunk.subarray(from));
    },
    end() {
      if (length > 0) finish();
    },
  };
}
