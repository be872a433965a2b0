import type { ListedGame } from "@lanspread/proto";
import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { type RefObject, useLayoutEffect, useRef, useState } from "react";
import { Card } from "./card.tsx";

/** Narrowest card and the space between two, px; as in the style sheet. */
const CARD_WIDTH = 200;
const GAP = 16;

/** Height of what stands below a card's cover, px. */
const BELOW_COVER = 104;

/** Rows that are kept beyond what is seen, so that none is missing while one scrolls. */
const OVERSCAN = 3;

export interface GridProps {
  readonly games: readonly ListedGame[];
}

/** Cards in rows, of which those are there that can be seen: a thousand games scroll as ten do. */
export function Grid({ games }: GridProps) {
  const grid = useRef<HTMLUListElement>(null);
  const width = useWidth(grid);
  const columns = Math.max(1, Math.floor((width + GAP) / (CARD_WIDTH + GAP)));
  const cardWidth = (width - GAP * (columns - 1)) / columns;
  const rows = useWindowVirtualizer({
    count: Math.ceil(games.length / columns),
    // Covers are square.
    estimateSize: () => cardWidth + BELOW_COVER + GAP,
    overscan: OVERSCAN,
    scrollMargin: grid.current?.offsetTop ?? 0,
  });
  useLayoutEffect(() => {
    if (cardWidth > 0) rows.measure();
  }, [rows, cardWidth]);
  return (
    <ul ref={grid} className="grid" style={{ height: rows.getTotalSize() }}>
      {rows.getVirtualItems().map(({ index, start }) =>
        games.slice(index * columns, (index + 1) * columns).map((game, column) => (
          <li
            key={game.id}
            style={{
              width: cardWidth,
              transform: `translate(${column * (cardWidth + GAP)}px, ${start - rows.options.scrollMargin}px)`,
            }}
          >
            <Card game={game} />
          </li>
        )),
      )}
    </ul>
  );
}

function useWidth(element: RefObject<HTMLElement | null>): number {
  const [width, setWidth] = useState(CARD_WIDTH);
  useLayoutEffect(() => {
    if (element.current === null) return;
    const observer = new ResizeObserver(([entry]) => setWidth(entry?.contentRect.width ?? CARD_WIDTH));
    observer.observe(element.current);
    setWidth(element.current.clientWidth);
    return () => observer.disconnect();
  }, [element]);
  return width;
}
