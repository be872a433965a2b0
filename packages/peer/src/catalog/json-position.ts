/** Where a text stops being JSON. Both count from 1; a column is a UTF-16 code unit. */
export interface JsonPosition {
  readonly line: number;
  readonly column: number;
}

/**
 * Finds the place of the first syntax error of a JSON text; null when there is none. (`JSON.parse` names it for some
 * errors only.) Nesting deeper than {@link MAX_DEPTH} is an error.
 */
export function findJsonError(text: string): JsonPosition | null {
  const offset = new Scanner(text).firstError();
  if (offset === null) return null;
  const before = text.slice(0, offset);
  const lineStart = before.lastIndexOf("\n") + 1;
  let line = 1;
  for (const character of before) if (character === "\n") line += 1;
  return { line, column: offset - lineStart + 1 };
}

/** No catalog nests deeper than four levels; a scanner that calls itself needs some bound. */
const MAX_DEPTH = 100;

const WHITESPACE = /[ \t\n\r]*/uy;
const LITERAL = /true|false|null/uy;
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/uy;
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON forbids exactly these in a string (RFC 8259 §7)
const STRING_PART = /(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*/uy;

/** Thrown inside {@link Scanner} only, to leave the recursion. */
class Stop {}

class Scanner {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  firstError(): number | null {
    try {
      this.#value(0);
      this.#skip(WHITESPACE);
      return this.#at === this.#text.length ? null : this.#at;
    } catch (error) {
      if (error instanceof Stop) return this.#at;
      throw error;
    }
  }

  #value(depth: number): void {
    if (depth > MAX_DEPTH) throw new Stop();
    this.#skip(WHITESPACE);
    const next = this.#text[this.#at];
    if (next === "{") this.#members("}", depth, () => this.#key());
    else if (next === "[") this.#members("]", depth, () => {});
    else if (next === '"') this.#string();
    else if (this.#skip(LITERAL) === 0 && this.#skip(NUMBER) === 0) throw new Stop();
  }

  #members(end: "}" | "]", depth: number, key: () => void): void {
    this.#at += 1;
    this.#skip(WHITESPACE);
    if (this.#take(end)) return;
    for (;;) {
      key();
      this.#value(depth + 1);
      this.#skip(WHITESPACE);
      if (this.#take(end)) return;
      if (!this.#take(",")) throw new Stop();
    }
  }

  #key(): void {
    this.#skip(WHITESPACE);
    this.#string();
    this.#skip(WHITESPACE);
    if (!this.#take(":")) throw new Stop();
  }

  #string(): void {
    if (!this.#take('"')) throw new Stop();
    this.#skip(STRING_PART);
    if (!this.#take('"')) throw new Stop();
  }

  #take(character: string): boolean {
    if (this.#text[this.#at] !== character) return false;
    this.#at += 1;
    return true;
  }

  /** Skips what the (sticky) pattern matches here, and says how much that was. */
  #skip(pattern: RegExp): number {
    pattern.lastIndex = this.#at;
    const length = pattern.exec(this.#text)?.[0].length ?? 0;
    this.#at += length;
    return length;
  }
}
