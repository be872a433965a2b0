import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LineSplitter } from "../../src/control/line-splitter.ts";

function split(chunks: readonly Buffer[], maxBytes = 1_000) {
  const lines: string[] = [];
  let tooLong = 0;
  const splitter = new LineSplitter({
    maxBytes,
    onLine: (line) => lines.push(line),
    onTooLong: () => {
      tooLong += 1;
    },
  });
  for (const chunk of chunks) splitter.push(chunk);
  splitter.end();
  return { lines, tooLong };
}

describe("splitting into lines", () => {
  it("gives the same lines however the bytes are cut", () => {
    const lines = fc.array(fc.string({ unit: "binary" }).map((text) => text.replace(/[\r\n]/g, "")));
    fc.assert(
      fc.property(lines, fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1 }), (texts, sizes) => {
        const wellFormed = texts.map((text) => text.toWellFormed());
        const bytes = Buffer.from(wellFormed.map((text) => `${text}\n`).join(""));
        const chunks: Buffer[] = [];
        for (let at = 0, turn = 0; at < bytes.length; turn++) {
          const size = sizes[turn % sizes.length] ?? 1;
          chunks.push(bytes.subarray(at, at + size));
          at += size;
        }
        expect(split(chunks)).toEqual({ lines: wellFormed, tooLong: 0 });
      }),
    );
  });

  it("takes CRLF, and a last line without an end", () => {
    expect(split([Buffer.from("one\r\ntwo")]).lines).toEqual(["one", "two"]);
  });

  it("drops a line that is too long, once, whatever its pieces, and goes on behind it", () => {
    const long = Buffer.alloc(30, "x");
    expect(split([Buffer.from("a\n"), long, long, Buffer.from("end\nb\n")], 40)).toEqual({
      lines: ["a", "b"],
      tooLong: 1,
    });
    expect(split([Buffer.from(`${"x".repeat(41)}\nb\n`)], 40)).toEqual({ lines: ["b"], tooLong: 1 });
    expect(split([Buffer.from(`${"x".repeat(40)}\n`)], 40).lines).toEqual(["x".repeat(40)]);
  });
});
