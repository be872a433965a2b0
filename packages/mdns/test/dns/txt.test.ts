import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MAX_TXT_BYTES } from "../../src/constants.ts";
import { decodeTxt, encodeTxt } from "../../src/dns/txt.ts";

const strings = (...texts: readonly string[]) => texts.map((text) => new TextEncoder().encode(text));

describe("TXT records", () => {
  it("are pairs of key and value", () => {
    expect(encodeTxt({ peer_id: "p", name: "Jörg = der Erste" })).toEqual(
      strings("peer_id=p", "name=Jörg = der Erste"),
    );
    expect(decodeTxt(strings("peer_id=p", "name=Jörg = der Erste"))).toEqual({
      peer_id: "p",
      name: "Jörg = der Erste",
    });
  });

  it("are one empty string where there are no pairs", () => {
    expect(encodeTxt({})).toEqual([new Uint8Array(0)]);
    expect(decodeTxt([new Uint8Array(0)])).toEqual({});
  });

  it("keep what was put in, whatever the values", () => {
    const key = fc.stringMatching(/^[a-z_][a-z0-9_]{0,15}$/);
    const value = fc.string({ unit: "grapheme", maxLength: 20 });
    fc.assert(
      fc.property(fc.dictionary(key, value, { maxKeys: 8 }), (txt) => {
        expect(decodeTxt(encodeTxt(txt))).toEqual({ ...txt });
      }),
    );
  });

  it("never throw on strangers' bytes, and give text", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 255 }), { maxLength: 20 }), (bytes) => {
        for (const [key, value] of Object.entries(decodeTxt(bytes))) {
          expect(key).not.toBe("");
          expect(key).not.toContain("=");
          expect(typeof value).toBe("string");
        }
      }),
    );
  });

  it("follow RFC 6763 section 6.4 in odd cases", () => {
    expect(decodeTxt(strings("a=1", "A=2", "a=3", "flag", "=none", "empty=", "x==y"))).toEqual({
      a: "1",
      flag: "",
      empty: "",
      x: "=y",
    });
  });

  it("hold data only: a key such as __proto__ changes no object", () => {
    const txt = decodeTxt(strings("__proto__=evil", "constructor=evil"));
    expect(Object.keys(txt)).toEqual(["__proto__", "constructor"]);
    expect(Object.getPrototypeOf(txt)).toBe(Object.prototype);
  });

  it("replace bytes that are no UTF-8", () => {
    expect(decodeTxt([Uint8Array.of(97, 61, 0xff)])).toEqual({ a: "\ufffd" });
  });

  it.each([
    ["an empty key", { "": "x" }],
    ["a key with =", { "a=b": "x" }],
    ["a key with a control character", { "a\n": "x" }],
    ["a key that is no ASCII", { ä: "x" }],
    ["a pair over 255 bytes", { a: "é".repeat(127) }],
    ["too much in all", Object.fromEntries([1, 2, 3, 4].map((at) => [`k${at}`, "x".repeat(250)]))],
  ])("refuse %s", (_what, txt) => {
    expect(() => encodeTxt(txt)).toThrow(RangeError);
  });

  it("take a pair of exactly 255 bytes and as much as fits in all", () => {
    expect(encodeTxt({ a: "x".repeat(253) })[0]).toHaveLength(255);
    const pairs = Object.fromEntries([1, 2, 3].map((at) => [`${at}`, "x".repeat(MAX_TXT_BYTES / 4 - 3)]));
    const left = MAX_TXT_BYTES - (3 * MAX_TXT_BYTES) / 4;
    expect(() => encodeTxt({ ...pairs, z: "x".repeat(left - 3) })).not.toThrow();
    expect(() => encodeTxt({ ...pairs, z: "x".repeat(left - 2) })).toThrow(RangeError);
  });
});
