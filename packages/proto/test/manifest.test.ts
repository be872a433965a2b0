import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  canonicalManifestBytes,
  comparePaths,
  contentId,
  countPieces,
  DIGEST_BYTES,
  type GameVersion,
  type Hash,
  hashBytes,
  MAX_MANIFEST_PIECES,
  MAX_PIECE_BYTES,
  MAX_PIECES,
  type ManifestFile,
  MIN_PIECE_BYTES,
  manifestHash,
  manifestProblem,
  pieceLayout,
  pieceSizeFor,
  sha256,
  toHex,
} from "../src/index.ts";

const MIB = 1024 * 1024;
/** SHA-256 of the text below, by another program. */
const GOLDEN_MANIFEST_HASH = "415435f9d679c7181d10daa109fd4b2a3e828266103d91b41cba55c288eaabd1";
const VERSION = "20180412" as GameVersion;
const sized = (...sizes: number[]) => sizes.map((size) => ({ size }));

describe("the piece size", () => {
  it.each<[string, { size: number }[], number]>([
    ["of nothing is the smallest", [], MIB],
    ["of empty files is the smallest", sized(0, 0), MIB],
    ["of 16,384 pieces is not doubled", sized(16_384 * MIB), MIB],
    ["of one byte more is", sized(16_384 * MIB + 1), 2 * MIB],
    ["of 50 GB is 4 MiB", sized(50e9), 4 * MIB],
    ["of several files counts their short pieces", sized(16_383 * MIB, 1, 1), 2 * MIB],
    [
      "of many small files stays, since doubling lessens nothing",
      Array.from({ length: 20_000 }, () => ({ size: 10 })),
      MIB,
    ],
    [
      "has an end",
      [...Array.from({ length: 20_000 }, () => ({ size: 10 })), { size: 1e12 }],
      MAX_PIECE_BYTES,
    ],
  ])("%s", (_, files, expected) => {
    expect(pieceSizeFor(files)).toBe(expected);
  });

  it("is the first power of two that is enough, or one that more would not help", () => {
    const sizes = fc.array(
      fc.oneof(
        fc.nat(5 * MIB),
        fc.nat({ max: 2 ** 31 - 1 }).map((size) => size * 100),
      ),
      {
        maxLength: 20,
      },
    );
    fc.assert(
      fc.property(sizes, (list) => {
        const files = sized(...list);
        const pieceSize = pieceSizeFor(files);
        expect(Math.log2(pieceSize / MIN_PIECE_BYTES) % 1).toBe(0);
        expect(pieceSize).toBeLessThanOrEqual(MAX_PIECE_BYTES);
        if (pieceSize > MIN_PIECE_BYTES)
          expect(countPieces(files, pieceSize / 2)).toBeGreaterThan(MAX_PIECES);
        if (pieceSize < MAX_PIECE_BYTES)
          expect(countPieces(files, pieceSize)).toBeLessThanOrEqual(MAX_PIECES);
      }),
    );
  });
});

describe("the layout of pieces", () => {
  const games = fc.record({
    piece_size: fc.constantFrom(1, 3, 10, 64),
    files: fc
      .array(fc.nat(200), { maxLength: 30 })
      .map((sizes) => sizes.map((size, index) => ({ path: `f${index}`, size }))),
  });

  it("covers every byte of every file once, in order, cut by file", () => {
    fc.assert(
      fc.property(games, (game) => {
        const layout = pieceLayout(game);
        const pieces = Array.from({ length: layout.pieceCount }, (_, index) => layout.pieceAt(index));
        expect(layout.pieceCount).toBe(countPieces(game.files, game.piece_size));
        expect(layout.totalBytes).toBe(game.files.reduce((sum, file) => sum + file.size, 0));
        for (const [fileIndex, file] of game.files.entries()) {
          const own = pieces.filter((piece) => piece.fileIndex === fileIndex);
          const { first, end } = layout.piecesOfFile(fileIndex);
          expect(own.map((piece) => piece.index)).toEqual(
            Array.from({ length: end - first }, (_, at) => first + at),
          );
          let offset = 0;
          for (const piece of own) {
            expect(piece).toMatchObject({ path: file.path, offset });
            expect(piece.length).toBeGreaterThan(0);
            offset += piece.length;
            expect(piece.length === game.piece_size || offset === file.size).toBe(true);
          }
          expect(offset).toBe(file.size);
        }
        expect(pieces.map((piece) => piece.index)).toEqual(pieces.map((_, index) => index));
      }),
    );
  });

  it("has no pieces outside", () => {
    const layout = pieceLayout({ piece_size: 10, files: [{ path: "a", size: 25 }] });
    for (const index of [-1, 3, 0.5, Number.NaN]) expect(() => layout.pieceAt(index)).toThrow(RangeError);
    for (const file of [-1, 1]) expect(() => layout.piecesOfFile(file)).toThrow(RangeError);
    expect(() => pieceLayout({ piece_size: 10, files: [] }).pieceAt(0)).toThrow(RangeError);
  });
});

describe("the order of paths", () => {
  it("is that of their UTF-8 bytes", () => {
    const path = fc.oneof(
      fc.string(),
      fc.string({ unit: "binary" }),
      fc
        .array(fc.constantFrom("a", "/", "\ue000", "\u{10000}", "\uffff", "z"))
        .map((parts) => parts.join("")),
    );
    fc.assert(
      fc.property(path, path, (a, b) => {
        expect(Math.sign(comparePaths(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
      }),
      { numRuns: 1000 },
    );
  });
});

describe("a manifest's list is refused", () => {
  const file = (path: string, size = 1): ManifestFile => ({ path, size });
  it.each<[string, ManifestFile[], number, string]>([
    ["a path that breaks a rule", [file("../a")], MIB, '"../a"'],
    ["paths that clash", [file("A/x"), file("a/y")], MIB, '"a/y"'],
    ["a path twice", [file("a"), file("a")], MIB, '"a"'],
    ["another order", [file("b"), file("a")], MIB, "order"],
    ["another piece size", [file("a")], 2 * MIB, "piece size"],
    ["no piece size", [file("a")], 0, "piece size"],
    ["too many pieces", [file("a", MAX_PIECE_BYTES * (MAX_MANIFEST_PIECES + 1))], MAX_PIECE_BYTES, "pieces"],
  ])("for %s", (_, files, piece_size, named) => {
    expect(manifestProblem({ piece_size, files })).toContain(named);
  });

  it("and granted where it is right", () => {
    expect(manifestProblem({ piece_size: MIB, files: [] })).toBeNull();
    const files = ["a.eti", "data/x", "version.ini"].map((path) => file(path));
    expect(manifestProblem({ piece_size: MIB, files })).toBeNull();
    const largest = [file("a", MAX_PIECE_BYTES * MAX_MANIFEST_PIECES)];
    expect(manifestProblem({ piece_size: MAX_PIECE_BYTES, files: largest })).toBeNull();
  });
});

describe("digests", () => {
  const files: ManifestFile[] = [
    { path: "ä.eti", size: 3 },
    { path: "version.ini", size: 10 },
  ];

  it("of a manifest are over version, paths and sizes as canonical JSON", () => {
    const text = '["lanspread-manifest",1,"20180412",[["ä.eti",3],["version.ini",10]]]';
    expect(Buffer.from(canonicalManifestBytes(VERSION, files)).toString()).toBe(text);
    expect(manifestHash(VERSION, files)).toBe(createHash("sha256").update(text).digest("hex"));
    // Written down once: a change of it is a change of the wire.
    expect(manifestHash(VERSION, files)).toBe(GOLDEN_MANIFEST_HASH);
  });

  it("of a manifest change with everything in it", () => {
    const list = fc.array(fc.record({ path: fc.string(), size: fc.nat() }), { maxLength: 5 });
    const version = fc.stringMatching(/^[0-9]{1,8}$/).map((text) => text as GameVersion);
    fc.assert(
      fc.property(version, list, version, list, (v1, a, v2, b) => {
        const same = v1 === v2 && JSON.stringify(a) === JSON.stringify(b);
        expect(manifestHash(v1, a) === manifestHash(v2, b)).toBe(same);
      }),
    );
  });

  it("of the content are over the manifest's and all pieces' in order", () => {
    const hash = manifestHash(VERSION, files);
    const pieces = Buffer.concat([sha256(Buffer.from("abc")), sha256(Buffer.from("version.ini"))]);
    const expected = createHash("sha256").update(Buffer.from(hash, "hex")).update(pieces).digest("hex");
    expect(contentId(hash, pieces)).toBe(expected);
    const swapped = Buffer.concat([pieces.subarray(DIGEST_BYTES), pieces.subarray(0, DIGEST_BYTES)]);
    expect(contentId(hash, swapped)).not.toBe(expected);
    expect(contentId(hash, new Uint8Array(0))).not.toBe(hash);
    expect(() => contentId(hash, pieces.subarray(1))).toThrow(RangeError);
  });

  it("are what others compute, and their hexadecimal form goes both ways", () => {
    expect(toHex(sha256(Buffer.from("abc")))).toBe(
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    );
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (bytes) => {
        expect(new Uint8Array(hashBytes(toHex(bytes) as Hash))).toEqual(bytes);
      }),
    );
    // A view into a larger buffer is only itself.
    expect(toHex(Buffer.from("0123").subarray(1, 3))).toBe("3132");
  });
});
