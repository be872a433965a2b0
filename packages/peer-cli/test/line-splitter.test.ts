import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createLineSplitter } from "../src/harness/line-splitter.ts";

const TOO_LONG = Symbol("too long");

/** What comes out when these chunks go in and the stream ends. */
function split(chunks: readonly Uint8Array[], maxBytes = 64): (string | symbol)[] {
  const seen: (string | symbol)[] = [];
  const splitter = createLineSplitter({
    maxBytes,
    onLine: (text) => seen.push(text),
    onTooLong: () => seen.push(TOO_LONG),
  });
  for (const chunk of chunks) splitter.push(chunk);
  splitter.end();
  return seen;
}

/** The same bytes in chunks that end at these places. */
function cut(bytes: Uint8Array, at: readonly number[]): Uint8Array[] {
  const ends = [...at.map((n) => n % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
  return ends.map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end));
}

describe("the line splitter", () => {
  it.each([
    ["", []],
    ["\n", [""]],
    ["a\nb\n", ["a", "b"]],
    ["a\r\nb", ["a", "b"]],
    ["\n\nx", ["", "", "x"]],
    ["ü€😀\n", ["ü€😀"]],
  ])("cuts %j into %j", (text, lines) => {
    expect(split([Buffer.from(text)])).toEqual(lines);
  });

  it("gives the same lines wherever the chunks are cut", () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: fc.constantFrom("a", "ü", "😀", "\r", " "), maxLength: 12 })),
        fc.array(fc.nat()),
        (lines, at) => {
          const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(""));
          expect(split(cut(bytes, at))).toEqual(lines.map((line) => line.replace(/\r$/, "")));
        },
      ),
    );
  });

  it("refuses exactly the lines over the limit, and goes on behind them", () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 20 })), fc.array(fc.nat()), (lengths, at) => {
        const bytes = Buffer.from(lengths.map((length) => `${"x".repeat(length)}\n`).join(""));
        expect(split(cut(bytes, at), 10)).toEqual(
          lengths.map((length) => (length > 10 ? TOO_LONG : "x".repeat(length))),
        );
      }),
    );
  });

  it("refuses an endless line once, at its end", () => {
    const chunk = Buffer.alloc(1000, "x");
    expect(split(Array.from({ length: 1000 }, () => chunk))).toEqual([TOO_LONG]);
  });
});
