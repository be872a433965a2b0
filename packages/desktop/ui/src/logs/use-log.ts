import { useEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";
import type { LogName } from "../../../protocol/logs.ts";
import { useApp } from "../app/context.ts";
import { nextFrame } from "../state/next-frame.ts";
import { createStore, type Store } from "../state/store.ts";
import type { LogFilter } from "./filter.ts";
import { followLog } from "./follow-log.ts";
import { type LogRow, type LogState, NOTHING_HEARD } from "./log-state.ts";
import { PatternTest } from "./pattern-test.ts";
import { NOTHING_SHOWN, type Shown, ShownRows } from "./shown-rows.ts";
import { startPatternWorker } from "./start-pattern-worker.ts";

/** What was heard stays while one is elsewhere in the app: coming back asks only for the rest. */
const heard: Readonly<Record<LogName, Store<LogState>>> = {
  app: createStore(NOTHING_HEARD, nextFrame),
  unpack: createStore(NOTHING_HEARD, nextFrame),
};

export interface UsedLog {
  /** Those that are to be shown: where it is paused, those of that moment. */
  readonly rows: readonly LogRow[];
  readonly pausedAt: LogState | null;
  readonly setPaused: (isPaused: boolean) => void;
  /** Rows that have come while it is paused. */
  readonly arrived: number;
}

/** Follows a log while the page is shown. */
export function useLog(log: LogName): UsedLog {
  const { ask } = useApp();
  const store = heard[log];
  const state = useSyncExternalStore(store.subscribe, store.get);
  const [pausedAt, setPausedAt] = useState<LogState | null>(null);
  useEffect(() => followLog({ log, store, ask }), [log, store, ask]);
  return {
    rows: (pausedAt ?? state).rows,
    pausedAt,
    setPaused: (isPaused) => setPausedAt(isPaused ? store.get() : null),
    arrived: pausedAt === null ? 0 : state.next - pausedAt.next,
  };
}

/** The rows that a filter leaves, at most once per frame anew. */
export function useShownRows(rows: readonly LogRow[], filter: LogFilter): Shown {
  const store = useMemo(() => createStore(NOTHING_SHOWN, nextFrame), []);
  const filtering = useRef<ShownRows | null>(null);
  useEffect(() => {
    const shown = new ShownRows(store, new PatternTest(startPatternWorker));
    filtering.current = shown;
    return () => shown.close();
  }, [store]);
  useEffect(() => filtering.current?.update(rows, filter), [rows, filter]);
  return useSyncExternalStore(store.subscribe, store.get);
}
