import { MAX_DEPTH } from "./constants.ts";

/** Where in a JSON document: member names and indices, from the outside in. */
export type JsonPath = readonly (string | number)[];

/** What a scan meets, in the order of the text. Offsets count UTF-16 units. */
export interface JsonVisitor {
  /** An item of an array, or a member of an object: the offset is that of its name. */
  enter(key: string | number, offset: number): void;
  leave(): void;
}

/** Where and why a text stops being JSON. */
export interface JsonFault {
  readonly offset: number;
  /** What would have to stand there. */
  readonly expected: string;
}

const WHITESPACE = /[ \t\n\r]*/uy;
const LITERAL = /true|false|null/uy;
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/uy;
// A repetition without bound takes memory of the stack for every character, and a text may have millions.
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON forbids exactly these in a string (RFC 8259 §7)
const STRING_PART = /(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})){1,4096}/uy;

/** Thrown inside this file, to leave the recursion. */
class Stop {
  readonly fault: JsonFault | null;

  constructor(fault: JsonFault | null) {
    this.fault = fault;
  }
}

/** A visitor throws what this returns to end the scan where it is. */
export function stopScan(): unknown {
  return new Stop(null);
}

/**
 * Walks through a JSON text (RFC 8259).
 *
 * @returns the first thing that makes it no JSON, nesting deeper than {@link MAX_DEPTH} among them; null for a text that is
 *   JSON, or a visitor that ended the scan.
 */
export function scanJson(text: string, visitor: JsonVisitor | null = null): JsonFault | null {
  try {
    new Scanner(text, visitor).document();
    return null;
  } catch (error) {
    if (error instanceof Stop) return error.fault;
    throw error;
  }
}

/**
 * Whether brackets nest deeper than {@link MAX_DEPTH}, in one quick pass: `JSON.parse` takes seconds and gigabytes for
 * millions of them. What is no JSON may be taken for either.
 */
export function isNestedTooDeeply(text: string): boolean {
  let depth = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (quoted) {
      if (character === "\\") at += 1;
      else if (character === '"') quoted = false;
    } else if (character === '"') {
      quoted = true;
    } else if (character === "[" || character === "{") {
      depth += 1;
      if (depth > MAX_DEPTH) return true;
    } else if (character === "]" || character === "}") {
      depth -= 1;
    }
  }
  return false;
}

class Scanner {
  readonly #text: string;
  readonly #visitor: JsonVisitor | null;
  #at = 0;

  constructor(text: string, visitor: JsonVisitor | null) {
    this.#text = text;
    this.#visitor = visitor;
  }

  document(): void {
    this.#value(0);
    this.#skip(WHITESPACE);
    if (this.#at !== this.#text.length) this.#fail("the end of the file");
  }

  #value(depth: number): void {
    this.#skip(WHITESPACE);
    const next = this.#text[this.#at];
    if (depth === MAX_DEPTH && (next === "{" || next === "[")) {
      this.#fail(`no more than ${MAX_DEPTH} brackets inside each other`);
    }
    if (next === "{") this.#object(depth);
    else if (next === "[") this.#array(depth);
    else if (next === '"') this.#string();
    else if (this.#skip(LITERAL) === 0 && this.#skip(NUMBER) === 0) this.#fail("a value");
  }

  #object(depth: number): void {
    this.#at += 1;
    this.#skip(WHITESPACE);
    if (this.#take("}")) return;
    for (;;) {
      this.#skip(WHITESPACE);
      const offset = this.#at;
      this.#string("a field's name in double quotes");
      const end = this.#at;
      this.#skip(WHITESPACE);
      if (!this.#take(":")) this.#fail('":"');
      if (this.#visitor !== null) this.#visitor.enter(this.#unquote(offset, end), offset);
      this.#value(depth + 1);
      this.#visitor?.leave();
      this.#skip(WHITESPACE);
      if (this.#take("}")) return;
      if (!this.#take(",")) this.#fail('"," or "}"');
    }
  }

  #array(depth: number): void {
    this.#at += 1;
    this.#skip(WHITESPACE);
    if (this.#take("]")) return;
    for (let index = 0; ; index += 1) {
      this.#skip(WHITESPACE);
      this.#visitor?.enter(index, this.#at);
      this.#value(depth + 1);
      this.#visitor?.leave();
      this.#skip(WHITESPACE);
      if (this.#take("]")) return;
      if (!this.#take(",")) this.#fail('"," or "]"');
    }
  }

  #string(expected = "a text in double quotes"): void {
    if (!this.#take('"')) this.#fail(expected);
    while (this.#skip(STRING_PART) > 0);
    if (this.#take('"')) return;
    this.#fail(
      this.#text[this.#at] === "\\"
        ? "\\\\ (one backslash is written as two)"
        : "the end of the text, a double quote",
    );
  }

  /** The text that the quoted one from `start` to `end` stands for. */
  #unquote(start: number, end: number): string {
    const quoted = this.#text.slice(start, end);
    return quoted.includes("\\") ? String(JSON.parse(quoted)) : quoted.slice(1, -1);
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

  #fail(expected: string): never {
    throw new Stop({ offset: this.#at, expected });
  }
}
