import { DEFAULT_COLUMNS, DEFAULT_ROWS } from "./constants.ts";
import { displayWidth } from "./width.ts";

/** What may be redrawn in place: a terminal. */
export interface Terminal extends NodeJS.WritableStream {
  /** Undefined or 0 where the terminal does not tell. */
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
}

export function sizeOf({ columns, rows }: Terminal): { readonly columns: number; readonly rows: number } {
  return { columns: columns || DEFAULT_COLUMNS, rows: rows || DEFAULT_ROWS };
}

/** The last lines of a terminal, redrawn in place. */
export interface LiveRegion {
  /** Shows these lines instead of those before; each is at most so wide as the terminal is now. */
  draw(lines: readonly string[]): void;
  /** Writes text above the lines: it stays. */
  above(text: string): void;
}

/**
 * The cursor is always left on the empty line below: what is typed there, the `^C` of the terminal among it, does not get
 * into the lines, and there is nothing to give back if the program ends in the middle.
 *
 * @param plain the text of a line without what styles it: the columns that it takes
 */
export function createLiveRegion(stream: Terminal, plain: (line: string) => string): LiveRegion {
  let drawn: readonly string[] = [];

  /** Back to where the region begins. A terminal that became narrower has broken the lines. */
  const back = (): string => {
    const { columns } = sizeOf(stream);
    const rows = drawn.reduce(
      (sum, line) => sum + Math.max(1, Math.ceil(displayWidth(plain(line)) / columns)),
      0,
    );
    return rows === 0 ? "" : `\r\u001b[${rows}A`;
  };
  return {
    draw(lines) {
      if (lines.length === 0 && drawn.length === 0) return;
      const rows = lines.map((line) => `${line}${CLEAR_RIGHT}\n`).join("");
      stream.write(`${back()}${rows}${CLEAR_BELOW}`);
      drawn = lines;
    },
    above(text) {
      const rows = drawn.map((line) => `${line}\n`).join("");
      stream.write(drawn.length === 0 ? `${text}\n` : `${back()}${CLEAR_BELOW}${text}\n${rows}`);
    },
  };
}

const CLEAR_RIGHT = "\u001b[K";
const CLEAR_BELOW = "\u001b[J";
