import { HANDLE_TOLERANCE, HEAP_TOLERANCE, LEAST_SAMPLES } from "./constants.ts";

/** What a process holds at one moment of rest, after a collection. */
export interface Sample {
  /** Bytes. */
  readonly heapUsed: number;
  /** Bytes outside V8's heap that belong to objects in it. */
  readonly external: number;
  /** Bytes. */
  readonly rss: number;
  /** What keeps the process alive, by kind. */
  readonly resources: Readonly<Record<string, number>>;
  /** Open file descriptors. */
  readonly files: number;
}

/** One figure of one process over the whole run: medians of the first and the last third of its samples. */
export interface Growth {
  readonly figure: string;
  readonly first: number;
  readonly last: number;
  readonly most: number;
  readonly isTooMuch: boolean;
}

/** What has grown. Of too few samples nothing can be said: null. */
export function growthOf(samples: readonly Sample[]): readonly Growth[] | null {
  if (samples.length < LEAST_SAMPLES) return null;
  const third = Math.floor(samples.length / 3);
  const [early, late] = [samples.slice(0, third), samples.slice(-third)];
  const compare = (
    figure: string,
    of: (sample: Sample) => number,
    room: (first: number) => number,
  ): Growth => {
    const [first, last] = [middle(early.map(of)), middle(late.map(of))];
    const most = Math.max(...samples.map(of));
    return { figure, first, last, most, isTooMuch: last > first + room(first) };
  };
  const heapRoom = (first: number): number => Math.max(first * HEAP_TOLERANCE.share, HEAP_TOLERANCE.bytes);
  const kinds = new Set(samples.flatMap(({ resources }) => Object.keys(resources)));
  return [
    compare("heap", ({ heapUsed }) => heapUsed, heapRoom),
    compare("external", ({ external }) => external, heapRoom),
    compare(
      "files",
      ({ files }) => files,
      () => HANDLE_TOLERANCE,
    ),
    ...[...kinds].sort().map((kind) =>
      compare(
        kind,
        ({ resources }) => resources[kind] ?? 0,
        () => HANDLE_TOLERANCE,
      ),
    ),
  ];
}

function middle(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
