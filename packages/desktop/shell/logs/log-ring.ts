import type { LogLine } from "../../protocol/logs.ts";
import { LINE_OVERHEAD_BYTES } from "./constants.ts";

export interface LogRingOptions {
  readonly mostLines: number;
  /** What the lines take in memory, two bytes per character. */
  readonly mostBytes: number;
}

export interface PartOptions {
  readonly mostLines: number;
  readonly mostCharacters: number;
}

/** The newest lines of a log, numbered from 1 without gaps. The oldest give way where there are too many, or too long ones. */
export class LogRing {
  readonly #options: LogRingOptions;
  #lines: LogLine[] = [];
  /** Where the oldest line is: what is before it is gone, and cleared now and then. */
  #first = 0;
  #bytes = 0;
  #last = 0;

  constructor(options: LogRingOptions) {
    this.#options = options;
  }

  /** Number of the newest line; 0 where there was none. */
  get last(): number {
    return this.#last;
  }

  add(line: Omit<LogLine, "number">): void {
    this.#last += 1;
    this.#lines.push({ number: this.#last, ...line });
    this.#bytes += bytesOf(line);
    const { mostLines, mostBytes } = this.#options;
    while (this.#lines.length - this.#first > 1) {
      if (this.#lines.length - this.#first <= mostLines && this.#bytes <= mostBytes) break;
      this.#dropOldest();
    }
    if (this.#first <= mostLines / 2) return;
    this.#lines = this.#lines.slice(this.#first);
    this.#first = 0;
  }

  /** Lines behind a number, the oldest first: at least one where there is any, and how many between are gone. */
  after(number: number, { mostLines, mostCharacters }: PartOptions): { lines: LogLine[]; missed: number } {
    const oldest = this.#lines[this.#first]?.number ?? this.#last + 1;
    const from = this.#first + Math.max(0, number + 1 - oldest);
    const lines: LogLine[] = [];
    let characters = 0;
    for (const line of this.#lines.slice(from, from + mostLines)) {
      characters += lengthOf(line);
      if (lines.length > 0 && characters > mostCharacters) break;
      lines.push(line);
    }
    return { lines, missed: Math.max(0, oldest - number - 1) };
  }

  #dropOldest(): void {
    const oldest = this.#lines[this.#first];
    if (oldest !== undefined) this.#bytes -= bytesOf(oldest);
    this.#first += 1;
  }
}

function bytesOf(line: Omit<LogLine, "number">): number {
  return LINE_OVERHEAD_BYTES + 2 * lengthOf(line);
}

function lengthOf({ source, text, details }: Omit<LogLine, "number">): number {
  return source.length + text.length + details.length;
}
