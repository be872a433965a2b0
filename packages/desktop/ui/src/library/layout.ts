import type { Density, Shape } from "../../../protocol/library-view.ts";

/** Height of a cover by its width. */
const HEIGHT_BY_WIDTH: Readonly<Record<Shape, number>> = { portrait: 3 / 2, square: 1, wide: 9 / 16 };

/** Narrowest cards, px: about the same area of picture in every shape. */
const NARROWEST: Readonly<Record<Shape, Readonly<Record<Density, number>>>> = {
  portrait: { comfortable: 212, normal: 168, compact: 132 },
  square: { comfortable: 236, normal: 188, compact: 144 },
  wide: { comfortable: 312, normal: 248, compact: 196 },
};

/** Between two cards, px. */
const GAPS: Readonly<Record<Density, number>> = { comfortable: 24, normal: 18, compact: 12 };

/** More between rows than between columns, px: what stands below a cover belongs to it. */
const MORE_BETWEEN_ROWS = 8;

/** What stands below a cover: two lines of a name, the facts and the action; as in the style sheet, px. */
const BELOW_COVER: Readonly<Record<Density, number>> = { comfortable: 108, normal: 105, compact: 93 };

/** Fewest columns: even the narrowest window compares games side by side. */
const FEWEST_COLUMNS: Readonly<Record<Shape, number>> = { portrait: 2, square: 2, wide: 1 };

/** Where cards are. All lengths in px. */
export interface Layout {
  readonly columns: number;
  /** Between columns. */
  readonly gap: number;
  readonly rowGap: number;
  readonly cardWidth: number;
  readonly coverHeight: number;
  /** Without what is between rows. */
  readonly cardHeight: number;
}

/** As many columns as fit, filling the width. */
export function layoutOf(width: number, shape: Shape, density: Density): Layout {
  const gap = GAPS[density];
  const fitting = Math.floor((width + gap) / (NARROWEST[shape][density] + gap));
  const columns = Math.max(FEWEST_COLUMNS[shape], fitting);
  const cardWidth = Math.max(0, (width - gap * (columns - 1)) / columns);
  const coverHeight = Math.round(cardWidth * HEIGHT_BY_WIDTH[shape]);
  const cardHeight = coverHeight + BELOW_COVER[density];
  return { columns, gap, rowGap: gap + MORE_BETWEEN_ROWS, cardWidth, coverHeight, cardHeight };
}

/** Keys that lead from card to card. */
export type GridKey =
  | "ArrowLeft"
  | "ArrowRight"
  | "ArrowUp"
  | "ArrowDown"
  | "Home"
  | "End"
  | "PageUp"
  | "PageDown";

/** Rows that a page key passes. */
const PAGE_ROWS = 3;

/** Which card a key leads to from the one at `index`, of `count` in so many columns; the same one at an edge. */
export function cardAfter(key: GridKey, index: number, count: number, columns: number): number {
  const last = count - 1;
  const moved = (by: number): number => (index + by < 0 || index + by > last ? index : index + by);
  switch (key) {
    case "ArrowLeft":
      return moved(-1);
    case "ArrowRight":
      return moved(1);
    case "ArrowUp":
      return moved(-columns);
    case "ArrowDown":
      // From above a row that is not full: to its last card.
      return Math.floor(index / columns) < Math.floor(last / columns)
        ? Math.min(last, index + columns)
        : index;
    case "Home":
      return 0;
    case "End":
      return last;
    case "PageUp":
      return Math.max(index % columns, index - PAGE_ROWS * columns);
    case "PageDown":
      return Math.min(last, index + PAGE_ROWS * columns);
  }
}

export function isGridKey(key: string): key is GridKey {
  return /^(?:Arrow(?:Left|Right|Up|Down)|Home|End|Page(?:Up|Down))$/u.test(key);
}
