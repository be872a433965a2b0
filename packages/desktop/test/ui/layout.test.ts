import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DENSITIES, SHAPES } from "../../protocol/library-view.ts";
import { cardAfter, isGridKey, layoutOf } from "../../ui/src/library/layout.ts";

const anyShape = fc.constantFrom(...SHAPES);
const anyDensity = fc.constantFrom(...DENSITIES);

describe("the layout of cards", () => {
  it("fills the width with as many columns as fit", () => {
    expect(layoutOf(1_232, "portrait", "normal")).toEqual({
      columns: 6,
      gap: 18,
      rowGap: 26,
      cardWidth: (1_232 - 5 * 18) / 6,
      coverHeight: 286,
      cardHeight: 391,
    });
    expect(layoutOf(328, "portrait", "normal").columns).toBe(2);
    expect(layoutOf(328, "wide", "normal").columns).toBe(1);
  });

  it("never leaves the width, whatever it is", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 8_000 }), anyShape, anyDensity, (width, shape, density) => {
        const { columns, gap, cardWidth, cardHeight, coverHeight } = layoutOf(width, shape, density);
        expect(cardWidth).toBeGreaterThanOrEqual(0);
        expect(cardHeight).toBeGreaterThan(coverHeight);
        if (width > gap) expect(columns * cardWidth + (columns - 1) * gap).toBeCloseTo(width);
      }),
    );
  });

  it("has more cards the denser it is", () => {
    for (const shape of SHAPES) {
      const columns = DENSITIES.map((density) => layoutOf(1_872, shape, density).columns);
      expect(columns).toEqual([...new Set(columns)].sort((a, b) => a - b));
    }
  });
});

describe("keys in the grid", () => {
  // 10 cards in rows of 4:  0 1 2 3 / 4 5 6 7 / 8 9
  it.each([
    ["ArrowRight", 3, 4],
    ["ArrowRight", 9, 9],
    ["ArrowLeft", 4, 3],
    ["ArrowLeft", 0, 0],
    ["ArrowDown", 1, 5],
    ["ArrowDown", 7, 9],
    ["ArrowDown", 8, 8],
    ["ArrowUp", 5, 1],
    ["ArrowUp", 2, 2],
    ["Home", 9, 0],
    ["End", 0, 9],
    ["PageDown", 1, 9],
    ["PageUp", 9, 1],
  ] as const)("%s leads from %i to %i", (key, from, to) => {
    expect(isGridKey(key)).toBe(true);
    expect(cardAfter(key, from, 10, 4)).toBe(to);
  });

  it("are no others", () => {
    for (const key of ["a", "Enter", "Tab", "ArrowNowhere"]) expect(isGridKey(key)).toBe(false);
  });
});
