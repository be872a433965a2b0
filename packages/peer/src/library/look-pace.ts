import {
  BURST_EVENTS,
  LOOK_COST_FACTOR,
  LOOK_COST_GAP_LONGEST_MS,
  LOOK_GAP_FIRST_MS,
  LOOK_GAP_LONGEST_MS,
  LOOK_GAP_UNSHARED_MS,
  LOOK_QUIET_MS,
  SETTLE_LONGEST_MS,
  SETTLE_MS,
} from "./constants.ts";

/**
 * When one game root is looked at, of which events tell that it changes. No look is lost by waiting: whatever comes after
 * a look has begun is followed by another one. The waiting only bounds what a long copy costs.
 *
 * All times are milliseconds of one monotonic clock.
 */
export interface LookPace {
  readonly wanted: "no" | "look" | "walk";
  /** The next look does not wait. */
  readonly urgent: boolean;
  /** When the look that is under way began; null where none is. */
  readonly beganAt: number | null;
  /** When the last look ended; null where there was none, or it is long ago. */
  readonly endedAt: number | null;
  /** Pause after the last look. */
  readonly gapMs: number;
  /** Directories have come whose content nobody reported, or so much happened that events may be missing. */
  readonly fresh: { readonly since: number; readonly last: number } | null;
}

/** What a batch of events says of one root. */
export interface RootNews {
  readonly walk: boolean;
  readonly urgent: boolean;
  readonly fresh: boolean;
  /** How many events there were. */
  readonly events: number;
}

/** A root that nothing has happened to. */
export const AT_REST: LookPace = {
  wanted: "no",
  urgent: false,
  beganAt: null,
  endedAt: null,
  gapMs: 0,
  fresh: null,
};

/** Events have come. */
export function noted(pace: LookPace, news: RootNews, now: number): LookPace {
  const fresh = news.fresh || news.events >= BURST_EVENTS;
  return {
    ...pace,
    wanted: news.walk || pace.wanted === "walk" ? "walk" : "look",
    urgent: pace.urgent || news.urgent,
    fresh: fresh ? { since: pace.fresh?.since ?? now, last: now } : pace.fresh,
  };
}

/** When the next look is due; null where none is wanted, or one is under way. */
export function lookDueAt(pace: LookPace): number | null {
  if (pace.wanted === "no" || pace.beganAt !== null) return null;
  if (pace.urgent || pace.endedAt === null) return Number.NEGATIVE_INFINITY;
  return pace.endedAt + pace.gapMs;
}

/** A look begins: what comes from now on wants another one. */
export function lookBegan(pace: LookPace, now: number): LookPace {
  return { ...pace, wanted: "no", urgent: false, beganAt: now };
}

/**
 * The look has ended. The next one waits the longer, the more this one cost and the shorter the one before is ago.
 *
 * @param isShared whether others see the game
 */
export function lookEnded(pace: LookPace, isShared: boolean, now: number): LookPace {
  const { beganAt, endedAt, gapMs } = pace;
  const began = beganAt ?? now;
  const again = endedAt !== null && began - endedAt < gapMs + LOOK_QUIET_MS;
  const longest = isShared ? LOOK_GAP_LONGEST_MS : LOOK_GAP_UNSHARED_MS;
  const gap = again ? Math.min(Math.max(gapMs, LOOK_GAP_FIRST_MS) * 2, longest) : LOOK_GAP_FIRST_MS;
  return {
    ...pace,
    beganAt: null,
    endedAt: now,
    gapMs: Math.max(gap, Math.min((now - began) * LOOK_COST_FACTOR, LOOK_COST_GAP_LONGEST_MS)),
  };
}

/** When what came anew is to be watched and walked as a whole: soon after the last of it. Null where nothing came. */
export function settlesAt(pace: LookPace): number | null {
  if (pace.fresh === null) return null;
  return Math.min(pace.fresh.last + SETTLE_MS, pace.fresh.since + SETTLE_LONGEST_MS);
}

/** What came anew is about to be watched: what comes from now on is new again. */
export function settleBegan(pace: LookPace): LookPace {
  return { ...pace, fresh: null };
}

/** What came anew is being watched: it is walked once more, since something may have happened before. */
export function settled(pace: LookPace): LookPace {
  return { ...pace, wanted: "walk", urgent: true };
}

/** Whether nothing is left to remember. */
export function isAtRest(pace: LookPace, now: number): boolean {
  return (
    pace.wanted === "no" &&
    pace.beganAt === null &&
    pace.fresh === null &&
    (pace.endedAt === null || now - pace.endedAt > pace.gapMs + LOOK_QUIET_MS)
  );
}
