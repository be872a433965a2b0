import type { ListedGame } from "@lanspread/proto";
import { useWindowVirtualizer } from "@tanstack/react-virtual";
import {
  type CSSProperties,
  type KeyboardEvent,
  type RefObject,
  useLayoutEffect,
  useRef,
  useState,
} from "react";
import type { Density, Shape } from "../../../protocol/library-view.ts";
import { Card } from "./card.tsx";
import { keepView, lastView } from "./last-view.ts";
import { cardAfter, isGridKey, layoutOf } from "./layout.ts";

/** Rows that are kept beyond what is seen, so that none is missing while one scrolls. */
const OVERSCAN = 2;

export interface GridProps {
  readonly games: readonly ListedGame[];
  readonly shape: Shape;
  readonly density: Density;
}

/**
 * Cards in rows, of which those are there that can be seen: a thousand games scroll as ten do. One card is the current
 * one: Tab leads to it alone, and arrow keys from it to others.
 */
export function Grid({ games, shape, density }: GridProps) {
  const grid = useRef<HTMLUListElement>(null);
  const width = useWidth(grid);
  const layout = layoutOf(width, shape, density);
  const { columns, gap, rowGap, cardWidth, coverHeight, cardHeight } = layout;
  const rows = useWindowVirtualizer({
    count: Math.ceil(games.length / columns),
    estimateSize: () => cardHeight + rowGap,
    overscan: OVERSCAN,
    scrollMargin: grid.current?.offsetTop ?? 0,
    scrollPaddingStart: Math.max(0, Math.min(coveredHeight() + gap, innerHeight - cardHeight)),
  });
  useLayoutEffect(() => {
    if (cardHeight > 0) rows.measure();
  }, [rows, cardHeight]);
  const { current, onFocus, onKeyDown } = useCurrentCard(grid, games, columns, (index) =>
    rows.scrollToIndex(Math.floor(index / columns), { align: "auto" }),
  );
  return (
    <ul
      ref={grid}
      className={`grid ${shape} ${density}`}
      style={gridStyle(Math.max(0, rows.getTotalSize() - rowGap), cardWidth)}
      onFocus={onFocus}
      onKeyDown={onKeyDown}
    >
      {/* Flat: in a list of lists, a row that goes would make all the others anew. */}
      {width > 0 &&
        rows.getVirtualItems().flatMap(({ index: row, start }) =>
          games.slice(row * columns, (row + 1) * columns).map((game, column) => {
            const index = row * columns + column;
            return (
              <li
                key={game.id}
                data-index={index}
                style={{
                  width: cardWidth,
                  height: cardHeight,
                  transform: `translate(${column * (cardWidth + gap)}px, ${start - rows.options.scrollMargin}px)`,
                }}
              >
                <Card game={game} coverHeight={coverHeight} isCurrent={index === current} />
              </li>
            );
          }),
        )}
    </ul>
  );
}

/** What lies over the top of the window while one scrolls, px: a card that is led to by a key is not to be under it. */
function coveredHeight(): number {
  const bar = document.querySelector<HTMLElement>(".top-bar");
  return bar === null ? 0 : Number.parseFloat(getComputedStyle(bar).top) + bar.offsetHeight;
}

/** All in px; a hundredth of a card's width is what covers are drawn by. */
function gridStyle(height: number, cardWidth: number): CSSProperties {
  return { height, "--card-unit": `${cardWidth / 100}px` } as CSSProperties;
}

/** Which card Tab leads to, and the keys that make it another one. */
function useCurrentCard(
  grid: RefObject<HTMLUListElement | null>,
  games: readonly ListedGame[],
  columns: number,
  scrollTo: (index: number) => void,
) {
  const [gameId, setGameId] = useState(() => lastView().gameId);
  const current = Math.max(
    0,
    games.findIndex(({ id }) => id === gameId),
  );
  const choose = (index: number): void => {
    const id = games[index]?.id ?? null;
    keepView({ gameId: id });
    setGameId(id);
  };
  return {
    current,
    onFocus: ({ target }: { readonly target: Element }): void => {
      const index = indexOf(target);
      if (index !== null && index !== current) choose(index);
    },
    onKeyDown: (event: KeyboardEvent): void => {
      const { key, target, ctrlKey, altKey, metaKey } = event;
      const from = indexOf(target as Element);
      if (from === null || ctrlKey || altKey || metaKey || !isGridKey(key)) return;
      event.preventDefault();
      const to = cardAfter(key, from, games.length, columns);
      choose(to);
      scrollTo(to);
      focusCard(grid, to);
    },
  };
}

function indexOf(element: Element): number | null {
  const card = element.closest<HTMLElement>("[data-index]");
  return card === null ? null : Number(card.dataset["index"]);
}

/** Frames within which a card that was scrolled to is there. */
const MOST_FRAMES = 10;

/** Focuses a card as soon as it is drawn. */
function focusCard(grid: RefObject<HTMLUListElement | null>, index: number, frames = MOST_FRAMES): void {
  const card = grid.current?.querySelector<HTMLElement>(`[data-index="${index}"]`);
  const place = card?.querySelector<HTMLElement>("a[href], button");
  if (place) place.focus();
  else if (frames > 0) requestAnimationFrame(() => focusCard(grid, index, frames - 1));
}

/** Of the grid when it was last seen, px: who comes back to it finds it at once as high as it was, and scrolled there. */
let lastWidth = 0;

function useWidth(element: RefObject<HTMLElement | null>): number {
  const [width, setWidth] = useState(lastWidth);
  useLayoutEffect(() => {
    if (element.current === null) return;
    const take = (now: number): void => {
      lastWidth = now;
      setWidth(now);
    };
    const observer = new ResizeObserver(([entry]) => take(entry?.contentRect.width ?? 0));
    observer.observe(element.current);
    take(element.current.clientWidth);
    return () => observer.disconnect();
  }, [element]);
  return width;
}
