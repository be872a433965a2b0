import type { Store } from "../state/store.ts";
import { createWordTest, hasLevel, type LogFilter, patternProblem, searchedText } from "./filter.ts";
import type { LogRow } from "./log-state.ts";
import { type PatternTest, SlowPatternError } from "./pattern-test.ts";

/** Rows that are tested at once. */
const PORTION = 2_000;

export interface Shown {
  readonly rows: readonly LogRow[];
  /** The pattern is none (with why), or takes too long; then rows are shown by their level alone. */
  readonly problem: { readonly kind: "wrong"; readonly why: string } | { readonly kind: "slow" } | null;
}

export const NOTHING_SHOWN: Shown = { rows: [], problem: null };

/** The rows that a filter leaves. A row is tested once: what comes is tested alone, and another filter begins anew. */
export class ShownRows {
  readonly #store: Store<Shown>;
  readonly #patterns: PatternTest;
  #rows: readonly LogRow[] = [];
  #filter: LogFilter | null = null;
  #problem: Shown["problem"] = null;
  #matching: readonly LogRow[] = [];
  /** `at` of the first row that was not tested. */
  #untested = 0;
  #isRunning = false;
  #isAgain = false;

  constructor(store: Store<Shown>, patterns: PatternTest) {
    this.#store = store;
    this.#patterns = patterns;
  }

  update(rows: readonly LogRow[], filter: LogFilter): void {
    if (!isSame(filter, this.#filter)) this.#beginAnew(filter);
    this.#rows = rows;
    if (this.#isRunning) this.#isAgain = true;
    else void this.#run();
  }

  close(): void {
    this.#patterns.close();
  }

  #beginAnew(filter: LogFilter): void {
    const why = filter.isPattern ? patternProblem(filter.search) : null;
    this.#problem = why === null ? null : { kind: "wrong", why };
    this.#filter = filter;
    this.#matching = [];
    this.#untested = 0;
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    do {
      this.#isAgain = false;
      const filter = this.#filter;
      while (filter !== null && filter === this.#filter) {
        const portion = this.#nextPortion();
        if (portion.length === 0) break;
        const matching = await this.#test(portion, filter);
        // Somebody has typed on meanwhile.
        if (filter !== this.#filter) break;
        if (matching === null) {
          this.#problem = { kind: "slow" };
          this.#matching = [];
          this.#untested = 0;
          continue;
        }
        this.#matching = [...this.#matching, ...matching];
        this.#untested = (portion.at(-1)?.at ?? 0) + 1;
        if (filter.isPattern) this.#show();
      }
      if (filter === this.#filter) this.#show();
      else this.#isAgain = true;
    } while (this.#isAgain);
    this.#isRunning = false;
  }

  #nextPortion(): readonly LogRow[] {
    const from = firstFrom(this.#rows, this.#untested);
    return this.#rows.slice(from, from + PORTION);
  }

  /** Null where the pattern takes too long. */
  async #test(portion: readonly LogRow[], filter: LogFilter): Promise<readonly LogRow[] | null> {
    const ofLevel = portion.filter((row) => hasLevel(row, filter.level));
    if (filter.search === "" || this.#problem !== null) return ofLevel;
    if (!filter.isPattern) {
      const test = createWordTest(filter.search);
      return ofLevel.filter((row) => row.kind !== "line" || test(searchedText(row.line)));
    }
    const texts = ofLevel.map((row) => (row.kind === "line" ? searchedText(row.line) : ""));
    try {
      const matches = await this.#patterns.run(filter.search, texts);
      return ofLevel.filter((row, index) => row.kind !== "line" || matches[index]);
    } catch (error) {
      if (!(error instanceof SlowPatternError)) throw error;
      return null;
    }
  }

  /** What gave way is gone here, too; a row that says so has taken the place of one that was tested. */
  #show(): void {
    const [first] = this.#rows;
    if (first !== undefined && this.#matching[0] !== first) {
      const rest = this.#matching.slice(firstFrom(this.#matching, first.at + 1));
      const before = this.#matching[firstFrom(this.#matching, first.at)];
      const isFirstShown = first.kind !== "line" || before === first;
      this.#matching = isFirstShown ? [first, ...rest] : rest;
    }
    this.#store.set({ rows: this.#matching, problem: this.#problem });
  }
}

/** Index of the first row that is not before `at`. */
function firstFrom(rows: readonly LogRow[], at: number): number {
  let [low, high] = [0, rows.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((rows[middle]?.at ?? at) < at) low = middle + 1;
    else high = middle;
  }
  return low;
}

function isSame(one: LogFilter, other: LogFilter | null): boolean {
  return one.level === other?.level && one.search === other.search && one.isPattern === other.isPattern;
}
