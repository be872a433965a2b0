import { asPeerId, type ManifestFile, type PieceLayout, pieceLayout, pieceSizeFor } from "@lanspread/proto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MAX_UNIT_BYTES, MAX_UNITS_IN_FLIGHT } from "../../src/download/constants.ts";
import { hasRoom, nextUnit, type PlannedSource, planNext } from "../../src/download/planner.ts";

const MIB = 1024 * 1024;
const A = asPeerId("00000000-0000-8000-8000-00000000000a");
const B = asPeerId("00000000-0000-8000-8000-00000000000b");

function layoutOf(sizes: readonly number[], pieceSize = MIB): PieceLayout {
  const files: ManifestFile[] = sizes.map((size, index) => ({
    path: `f${index}`,
    size,
  }));
  return pieceLayout({ piece_size: pieceSize, files });
}

function idle(peerId: typeof A, more: Partial<PlannedSource> = {}): PlannedSource {
  return { peerId, unitsInFlight: 0, bytesInFlight: 0, rate: 0, ...more };
}

const sizes = fc.array(fc.oneof(fc.nat(3 * MIB), fc.nat(40 * MIB), fc.constant(0)), {
  minLength: 1,
  maxLength: 12,
});

describe("the units that are given out", () => {
  it("are runs of open pieces of one file, at most 8 MiB, and together every open piece once", () => {
    fc.assert(
      fc.property(sizes, fc.infiniteStream(fc.boolean()), fc.nat(), (lengths, opens, start) => {
        const layout = layoutOf(lengths);
        const open = Array.from({ length: layout.pieceCount }, () => opens.next().value === true);
        const wanted = open.map((isOpen, piece) => (isOpen ? piece : -1)).filter((piece) => piece >= 0);
        const given: number[] = [];
        let from = layout.pieceCount === 0 ? 0 : start % layout.pieceCount;
        for (;;) {
          const unit = nextUnit(layout, (piece) => open[piece] === true, from);
          if (unit === null) break;
          let length = 0;
          for (let piece = unit.firstPiece as number; piece < unit.firstPiece + unit.pieceCount; piece++) {
            expect(open[piece]).toBe(true);
            expect(layout.pieceAt(piece).fileIndex).toBe(unit.fileIndex);
            length += layout.pieceAt(piece).length;
            open[piece] = false;
            given.push(piece);
          }
          const first = layout.pieceAt(unit.firstPiece);
          expect(unit).toMatchObject({
            path: first.path,
            offset: first.offset,
            length,
          });
          expect(unit.length <= MAX_UNIT_BYTES || unit.pieceCount === 1).toBe(true);
          from = unit.firstPiece + unit.pieceCount;
        }
        expect(given.sort((a, b) => a - b)).toEqual(wanted);
      }),
    );
  });

  it("are as long as they may be", () => {
    const layout = layoutOf([20 * MIB]);
    expect(nextUnit(layout, () => true, 0)).toMatchObject({
      firstPiece: 0,
      pieceCount: 8,
    });
    expect(nextUnit(layout, (piece) => piece !== 3, 0)).toMatchObject({
      firstPiece: 0,
      pieceCount: 3,
    });
    expect(nextUnit(layout, () => true, 15)).toMatchObject({
      firstPiece: 15,
      pieceCount: 5,
    });
  });

  it("hold one piece where a piece is larger than a unit", () => {
    const layout = layoutOf([100 * MIB], 32 * MIB);
    expect(nextUnit(layout, () => true, 1)).toMatchObject({
      firstPiece: 1,
      pieceCount: 1,
      length: 32 * MIB,
    });
  });

  it("begin at the cursor, and go round", () => {
    const layout = layoutOf([MIB, MIB, MIB]);
    expect(nextUnit(layout, () => true, 2)).toMatchObject({ firstPiece: 2 });
    expect(nextUnit(layout, (piece) => piece < 2, 2)).toMatchObject({
      firstPiece: 0,
    });
    expect(nextUnit(layout, () => true, 3)).toMatchObject({ firstPiece: 0 });
    expect(nextUnit(layout, () => false, 1)).toBeNull();
  });

  it("exist for every manifest's own piece size", () => {
    const files = [{ path: "f", size: 40_000 * MIB }];
    const layout = pieceLayout({ piece_size: pieceSizeFor(files), files });
    expect(nextUnit(layout, () => true, 0)?.length).toBeLessThanOrEqual(MAX_UNIT_BYTES);
  });
});

describe("a source", () => {
  it("always has two units in flight, and never more than a connection bears", () => {
    fc.assert(
      fc.property(fc.nat(200), fc.nat(1e9), fc.nat(1e9), (unitsInFlight, bytesInFlight, rate) => {
        const room = hasRoom({
          peerId: A,
          unitsInFlight,
          bytesInFlight,
          rate,
        });
        if (unitsInFlight < 2) expect(room).toBe(true);
        if (unitsInFlight >= MAX_UNITS_IN_FLIGHT) expect(room).toBe(false);
      }),
    );
  });

  it("has about 300 ms of its rate in flight", () => {
    const fast = { peerId: A, unitsInFlight: 4, rate: 100 * MIB };
    expect(hasRoom({ ...fast, bytesInFlight: 29 * MIB })).toBe(true);
    expect(hasRoom({ ...fast, bytesInFlight: 31 * MIB })).toBe(false);
  });

  it("gets many small files at once before anything is measured", () => {
    expect(hasRoom(idle(A, { unitsInFlight: 20, bytesInFlight: 20 * 1000 }))).toBe(true);
  });

  it("gets the next unit if it will finish it first", () => {
    const layout = layoutOf([100 * MIB]);
    const plan = (sources: readonly PlannedSource[]) =>
      planNext({ layout, isOpen: () => true, from: 0, sources })?.peerId;
    expect(plan([idle(A, { rate: MIB }), idle(B, { rate: 9 * MIB })])).toBe(B);
    expect(
      plan([
        idle(A, { rate: 9 * MIB }),
        idle(B, { rate: 9 * MIB, bytesInFlight: 8 * MIB, unitsInFlight: 1 }),
      ]),
    ).toBe(A);
    // Nobody knows yet how fast A is.
    expect(plan([idle(A), idle(B, { rate: 9 * MIB, bytesInFlight: 8 * MIB, unitsInFlight: 1 })])).toBe(A);
    expect(plan([])).toBeUndefined();
    const full = { unitsInFlight: 2, bytesInFlight: 16 * MIB };
    expect(plan([idle(A, full), idle(B, full)])).toBeUndefined();
  });
});
