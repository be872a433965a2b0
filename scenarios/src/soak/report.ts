import { formatBytes, renderTable } from "lanspread";
import type { ActionKind } from "./actions.ts";
import { DIFFERENCES_SHOWN, EVENTS_SHOWN, HISTORIES_SHOWN, SLOW_REST_MS } from "./constants.ts";
import { growthOf, type Sample } from "./growth.ts";
import type { Rest } from "./rest.ts";
import type { SoakPeer } from "./soak-peer.ts";
import type { Difference } from "./view.ts";

/** Bytes below this are shown as a number of things. */
const BYTE_FIGURES = new Set(["heap", "external"]);

/** What came of a run. */
export interface Outcome {
  readonly seed: number;
  readonly minutes: number;
  readonly actions: ReadonlyMap<ActionKind, number>;
  readonly rests: readonly Rest[];
  /** Samples of the processes that lived from the beginning to the end, by name. */
  readonly samples: ReadonlyMap<string, readonly Sample[]>;
  /** Why the run failed; empty where it did not. */
  readonly reasons: readonly string[];
}

/** The summary of a run as lines of text. */
export function summaryLines({ seed, minutes, actions, rests, samples, reasons }: Outcome): string[] {
  const total = [...actions.values()].reduce((sum, count) => sum + count, 0);
  const kinds = [...actions].sort(([, a], [, b]) => b - a).map(([kind, count]) => `${count} ${kind}`);
  const grew = [...samples.values()].some((own) => growthOf(own) !== null) ? "nothing grew, " : "";
  const slowest = Math.max(0, ...rests.map(({ afterMs }) => afterMs));
  return [
    "",
    `seed ${seed}, ${minutes.toFixed(1)} minutes, ${total} actions: ${kinds.join(", ")}`,
    `${rests.length} rests, the slowest equal to the disks after ${seconds(slowest)}`,
    "",
    ...growthLines(samples),
    "",
    ...(reasons.length === 0
      ? [`All views were equal to the disks, ${grew}nothing was left over.`]
      : reasons.map((reason) => `FAILED: ${reason}`)),
  ];
}

/** One line about one rest. */
export function restLine(rest: Rest): string {
  const { afterMs, differences, last, peers, games } = rest;
  const how = differences.length === 0 ? "equal" : `${differences.length} DIFFERENCES`;
  const isSlow = differences.length === 0 && afterMs > SLOW_REST_MS;
  const why = isSlow && last !== null ? `; last ${last.viewer} showed ${last.text}` : "";
  return `at rest: ${peers} peers, ${games} game folders, ${how} after ${seconds(afterMs)}${why}`;
}

/** One line about what the residents hold at the moment, from the least to the most. */
export function sampleLine(samples: readonly Sample[]): string {
  const range = (values: readonly number[], format: (value: number) => string): string =>
    [Math.min(...values), Math.max(...values)].map(format).join(" to ");
  const heap = range(
    samples.map(({ heapUsed }) => heapUsed),
    formatBytes,
  );
  const files = range(
    samples.map((sample) => sample.files),
    String,
  );
  return `         heap ${heap}, files ${files}`;
}

/** Every difference, and for the first one what the peers that it is about have seen last. */
export function differenceLines(differences: readonly Difference[], peers: readonly SoakPeer[]): string[] {
  const left = differences.length - DIFFERENCES_SHOWN;
  const [first] = differences;
  const concerned = first === undefined ? [] : [first.viewer, ...first.about].slice(0, HISTORIES_SHOWN);
  return [
    ...differences.slice(0, DIFFERENCES_SHOWN).map(({ viewer, text }) => `  ${viewer} shows ${text}`),
    ...(left > 0 ? [`  … and ${left} more`] : []),
    ...peers
      .filter(({ name }) => concerned.includes(name))
      .flatMap(({ name, history }) => [
        `  last events of ${name}:`,
        ...history.slice(-EVENTS_SHOWN).map((line) => `    ${line}`),
      ]),
  ];
}

/** Which processes have grown, each as a reason. */
export function growthReasons(samples: Outcome["samples"]): string[] {
  return [...samples].flatMap(([name, own]) =>
    (growthOf(own) ?? [])
      .filter(({ isTooMuch }) => isTooMuch)
      .map(({ figure, first, last }) => {
        return `${name} has grown: ${figure} from ${show(figure, first)} to ${show(figure, last)}`;
      }),
  );
}

function growthLines(samples: Outcome["samples"]): string[] {
  const rows = [...samples].flatMap(([name, own]) =>
    (growthOf(own) ?? []).map(({ figure, first, last, most, isTooMuch }) => [
      ...[name, figure, show(figure, first), show(figure, last), show(figure, most)],
      isTooMuch ? "GROWN" : "",
    ]),
  );
  if (rows.length === 0) return ["Too few samples of memory and handles to compare."];
  const right = "right" as const;
  const columns = [
    { title: "PEER" },
    { title: "WHAT" },
    { title: "FIRST THIRD", align: right },
    { title: "LAST THIRD", align: right },
    { title: "MOST", align: right },
    { title: "" },
  ];
  return renderTable(columns, rows);
}

function show(figure: string, value: number): string {
  return BYTE_FIGURES.has(figure) ? formatBytes(value) : String(value);
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
