import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useLayoutEffect, useRef, useState } from "react";
import { useTexts } from "../app/context.ts";
import { formatMark, formatTime } from "./format-row.ts";
import type { LogRow } from "./log-state.ts";

/** Height of a row that is not broken, px; as in the style sheet. */
const ROW_HEIGHT = 22;

/** Rows that are kept beyond what is seen, so that none is missing while one scrolls. */
const OVERSCAN = 12;

/** So near to the end counts as being there, px. */
const AT_END = 2 * ROW_HEIGHT;

export interface RowListProps {
  readonly rows: readonly LogRow[];
  readonly isWrapped: boolean;
  readonly label: string;
}

/** Rows of a log, of which those are there that can be seen. It stays at the end until one scrolls up. */
export function RowList({ rows, isWrapped, label }: RowListProps) {
  const { t, language } = useTexts();
  const box = useRef<HTMLElement>(null);
  const [isAtEnd, setAtEnd] = useState(true);
  const list = useVirtualizer({
    count: rows.length,
    getScrollElement: () => box.current,
    estimateSize: () => ROW_HEIGHT,
    getItemKey: (index) => rows[index]?.at ?? index,
    overscan: OVERSCAN,
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: broken lines have other heights
  useLayoutEffect(() => list.measure(), [list, isWrapped]);
  const height = list.getTotalSize();
  // biome-ignore lint/correctness/useExhaustiveDependencies: it is the new rows, and their height, that ask for it
  useEffect(() => {
    if (isAtEnd && box.current !== null) box.current.scrollTop = box.current.scrollHeight;
  }, [isAtEnd, rows, height]);
  return (
    <div className="log-frame">
      <section
        ref={box}
        className={isWrapped ? "log-rows wrapped" : "log-rows"}
        aria-label={label}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what can be scrolled has to be reached by keyboard
        tabIndex={0}
        onScroll={({ currentTarget: { scrollTop, clientHeight, scrollHeight } }) =>
          setAtEnd(scrollTop + clientHeight >= scrollHeight - AT_END)
        }
      >
        <ol style={{ height }}>
          {list.getVirtualItems().map(({ index, start, key }) => {
            const row = rows[index];
            return (
              row !== undefined && (
                <li
                  key={key}
                  ref={list.measureElement}
                  data-index={index}
                  className={row.kind === "line" ? row.line.level : "mark"}
                  style={{ transform: `translateY(${start}px)` }}
                >
                  {row.kind === "line" ? <Line row={row} /> : formatMark(row, t, language)}
                </li>
              )
            );
          })}
        </ol>
      </section>
      {!isAtEnd && (
        <button type="button" className="to-end" onClick={() => setAtEnd(true)}>
          {t("logs.to-end")}
        </button>
      )}
    </div>
  );
}

function Line({ row: { line } }: { readonly row: Extract<LogRow, { kind: "line" }> }) {
  const { t } = useTexts();
  return (
    <>
      <time dateTime={new Date(line.time).toISOString()} title={new Date(line.time).toLocaleString()}>
        {formatTime(line.time)}
      </time>
      <b>{t(`logs.${line.level}`)}</b>
      <i>{line.source}</i>
      <span>
        {line.text}
        {line.details !== "" && <small> {line.details}</small>}
      </span>
    </>
  );
}
