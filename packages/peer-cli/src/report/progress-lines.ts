import { MAX_BAR_COLUMNS, MAX_NAME_COLUMNS, MAX_SHOWN_SOURCES, MIN_BAR_COLUMNS } from "./constants.ts";
import {
  count,
  formatBytes,
  formatDone,
  formatDuration,
  formatEta,
  formatRate,
  formatShare,
} from "./format.ts";
import { displayWidth, pad, truncate } from "./width.ts";

/** What one source gives. */
export interface SourceProgress {
  /** Printable. */
  readonly name: string;
  /** Bytes per second over the last 5 s. */
  readonly bytesPerSecond: number;
  /** Verified bytes that came from it in this download. */
  readonly bytes: number;
}

/** What the progress of one game shows. */
export interface ProgressState {
  /** Short name in front of the bar. */
  readonly label: string;
  /** What goes on: `downloading`, or anything else, such as `unpacking`. */
  readonly phase: string;
  readonly doneBytes: number;
  /** Null while it is not known how much there is to do. */
  readonly totalBytes: number | null;
  /** Bytes per second, or null where no rate is known. */
  readonly bytesPerSecond: number | null;
  /** Seconds left; null while unknown. */
  readonly etaSeconds: number | null;
  /** Sources that are being fetched from. */
  readonly sourceCount?: number;
  /** What each source gives, in an order that does not change. */
  readonly sources?: readonly SourceProgress[];
}

/** A line of the terminal. Its style is put around the text, whose columns are counted without it. */
export interface ProgressLine {
  readonly text: string;
  readonly style: "game" | "detail";
}

export interface ProgressSpace {
  /** Columns that a line may take. */
  readonly columns: number;
  /** Lines that there may be. */
  readonly rows: number;
}

/**
 * The progress of several games: a line with a bar for each and below it a line for each source, then one for the games
 * that wait. What there is no room for is left out: columns by their weight, sources before games.
 *
 * @param waiting labels of games whose turn has not come
 */
export function progressLines(
  states: readonly ProgressState[],
  waiting: readonly string[],
  space: ProgressSpace,
): ProgressLine[] {
  const queue = waiting.length === 0 ? [] : [detail(`next: ${waiting.join(", ")}`, space)];
  const bars = gameLines(states, space.columns);
  for (let shown = MAX_SHOWN_SOURCES; shown >= 0; shown -= 1) {
    const lines = states.flatMap((state, index) => [
      ...bars.slice(index, index + 1),
      ...(shown === 0 ? [] : sourceLines(state, shown, space)),
    ]);
    if (lines.length + queue.length <= space.rows) return [...lines, ...queue];
  }
  return [...bars, ...queue].slice(0, space.rows);
}

/** One line of progress for a log: `quake3: downloading 40 %, 102.4 MiB of 256.0 MiB, 80.0 MiB/s, 2 s left, anna 60.0 MiB/s, attic 20.0 MiB/s`. */
export function plainProgressLine(state: ProgressState): string {
  const { label, phase, totalBytes, doneBytes, bytesPerSecond, etaSeconds, sources = [] } = state;
  if (totalBytes === null) return `${label}: ${phase}`;
  const parts = [
    `${label}: ${phase} ${formatDone(doneBytes, totalBytes)}`,
    `${formatBytes(doneBytes)} of ${formatBytes(totalBytes)}`,
  ];
  if (bytesPerSecond !== null) {
    parts.push(formatRate(bytesPerSecond), `${formatEta(etaSeconds)} left`);
  }
  for (const { name, bytesPerSecond: rate } of largest(sources, MAX_SHOWN_SOURCES)) {
    parts.push(`${truncate(name, MAX_NAME_COLUMNS)} ${formatRate(rate)}`);
  }
  return parts.join(", ");
}

/** The phase in which a line tells of sources. */
const DOWNLOADING = "downloading";

const GAP = "  ";
const INDENT = "  ";
/** Columns of `1023.9 KiB/s`. */
const RATE_COLUMNS = 12;
/** Columns of `100 %`. */
const SHARE_COLUMNS = 5;

/**
 * Figures of a game in the order in which they are shown: the lower the rank the longer one stays where it is narrow, and
 * the columns that it leaves to the bar.
 */
const FIGURES = [
  { name: "share", rank: 0, align: "right", columns: SHARE_COLUMNS, bar: MIN_BAR_COLUMNS },
  { name: "amount", rank: 4, align: "right", columns: 13, bar: MIN_BAR_COLUMNS },
  { name: "phase", rank: 1, align: "left", columns: 9, bar: MIN_BAR_COLUMNS },
  { name: "rate", rank: 2, align: "right", columns: 10, bar: MIN_BAR_COLUMNS },
  { name: "rest", rank: 3, align: "left", columns: 9, bar: MIN_BAR_COLUMNS },
  // The lines below say it as well: only beside a whole bar.
  { name: "sources", rank: 5, align: "left", columns: 9, bar: MAX_BAR_COLUMNS },
] as const;
type Figure = (typeof FIGURES)[number]["name"];

/** All games have the same figures in the same columns, so that they can be compared. */
function gameLines(states: readonly ProgressState[], columns: number): ProgressLine[] {
  const rows = states.map((state) => ({ state, figures: figuresOf(state) }));
  const labelColumns = Math.min(
    Math.max(0, ...states.map(({ label }) => displayWidth(label))),
    MAX_NAME_COLUMNS,
    Math.max(1, Math.floor(columns / 3)),
  );
  const widths = new Map<Figure, number>();
  let used = labelColumns + GAP.length;
  for (const { name, columns: usual, bar } of FIGURES.toSorted((a, b) => a.rank - b.rank)) {
    const widest = Math.max(usual, ...rows.map(({ figures }) => displayWidth(figures[name])));
    // A figure that nobody has takes no room.
    if (rows.every(({ figures }) => figures[name] === "")) continue;
    if (used + GAP.length + widest + bar > columns) break;
    used += GAP.length + widest;
    widths.set(name, widest);
  }
  const bar = Math.max(MIN_BAR_COLUMNS, Math.min(MAX_BAR_COLUMNS, columns - used));
  return rows.map(({ state, figures }) => {
    const cells = [pad(truncate(state.label, labelColumns), labelColumns), barOf(state, bar)];
    for (const { name, align } of FIGURES) {
      const width = widths.get(name);
      if (width !== undefined) cells.push(pad(figures[name], width, align));
    }
    return { text: truncate(cells.join(GAP).trimEnd(), columns), style: "game" };
  });
}

function figuresOf(state: ProgressState): Readonly<Record<Figure, string>> {
  const { phase, doneBytes, totalBytes, sourceCount = 0 } = state;
  const [rate, rest] = paceOf(state);
  return {
    share: totalBytes === null ? "" : formatDone(doneBytes, totalBytes),
    amount: totalBytes === null ? "" : `${formatBytes(doneBytes)}/${formatBytes(totalBytes)}`,
    // That something is downloaded can be seen by its sources.
    phase: phase === DOWNLOADING ? "" : phase,
    rate,
    rest,
    sources: sourceCount === 0 ? "" : count(sourceCount, "source"),
  };
}

/** Rate and time left; of a download in words why there are none. */
function paceOf(state: ProgressState): [string, string] {
  const { phase, doneBytes, totalBytes, bytesPerSecond, etaSeconds } = state;
  const pace: [string, string] = [
    bytesPerSecond ? formatRate(bytesPerSecond) : "",
    bytesPerSecond && etaSeconds !== null ? `${formatDuration(etaSeconds)} left` : "",
  ];
  if (phase !== DOWNLOADING) return pace;
  if (bytesPerSecond === null) return [phase, ""];
  // Everything is here and verified, and has yet to be safe on the disk.
  if (doneBytes === totalBytes) return ["saving", ""];
  return bytesPerSecond === 0 ? ["waiting", ""] : pace;
}

/** `[#####.....]`, or nothing but its room where it is not known how much there is to do. */
function barOf({ doneBytes, totalBytes }: ProgressState, columns: number): string {
  const inside = columns - 2;
  if (totalBytes === null) return `[${" ".repeat(inside)}]`;
  const done = totalBytes <= 0 ? 1 : Math.min(1, doneBytes / totalBytes);
  const full = Math.floor(done * inside);
  return `[${"#".repeat(full)}${".".repeat(inside - full)}]`;
}

function sourceLines({ sources = [] }: ProgressState, shown: number, space: ProgressSpace): ProgressLine[] {
  const total = sources.reduce((sum, { bytes }) => sum + bytes, 0);
  const rows = largest(sources, shown);
  const room = space.columns - displayWidth(INDENT) - RATE_COLUMNS - SHARE_COLUMNS - 2 * GAP.length;
  const nameColumns = Math.min(
    MAX_NAME_COLUMNS,
    Math.max(room, MIN_BAR_COLUMNS),
    Math.max(0, ...rows.map(({ name }) => displayWidth(name))),
  );
  return rows.map(({ name, bytesPerSecond, bytes }) => {
    const cells = [
      pad(truncate(name, nameColumns), nameColumns),
      pad(formatRate(bytesPerSecond), RATE_COLUMNS, "right"),
      pad(formatShare(bytes, total), SHARE_COLUMNS, "right"),
    ];
    return detail(cells.join(GAP).trimEnd(), space);
  });
}

/** Those that gave the most, in their order; of too many the others become one. */
function largest(sources: readonly SourceProgress[], shown: number): readonly SourceProgress[] {
  if (sources.length <= shown) return sources;
  const first = new Set(sources.toSorted((a, b) => b.bytes - a.bytes).slice(0, shown - 1));
  const others = sources.filter((source) => !first.has(source));
  return [
    ...sources.filter((source) => first.has(source)),
    {
      name: `${others.length} ${first.size === 0 ? "sources" : "others"}`,
      bytesPerSecond: others.reduce((sum, { bytesPerSecond }) => sum + bytesPerSecond, 0),
      bytes: others.reduce((sum, { bytes }) => sum + bytes, 0),
    },
  ];
}

function detail(text: string, { columns }: ProgressSpace): ProgressLine {
  return { text: truncate(`${INDENT}${text}`, columns), style: "detail" };
}
