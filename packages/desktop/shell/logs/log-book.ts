import { randomUUID } from "node:crypto";
import { createLogger, type LogEntry, type Logger, UNPACK_LOGGER } from "@lanspread/peer/base";
import type { LogName, LogPart } from "../../protocol/logs.ts";
import {
  GATHER_MS,
  MAX_CHARACTERS_ANSWERED,
  MOST_BYTES,
  MOST_LINES,
  MOST_LINES_ANSWERED,
  MOST_WAITING,
  WAIT_MS,
} from "./constants.ts";
import { formatEntry } from "./format-entry.ts";
import { LogRing } from "./log-ring.ts";

export interface LogBookOptions {
  /** Milliseconds since 1970-01-01 UTC. Default: the machine's clock. */
  readonly now?: () => number;
  /** Default: {@link MOST_LINES} and {@link MOST_BYTES}. */
  readonly mostLines?: number;
  readonly mostBytes?: number;
}

export interface ReadOptions {
  readonly log: LogName;
  /** The run of the last line that is known; null where none is. */
  readonly run: string | null;
  /** Number of that line. */
  readonly after: number;
}

interface Waiting {
  readonly log: LogName;
  readonly wake: () => void;
}

/** What was said in this run, for the pages. Everything is kept for a while, however little the terminal is told. */
export class LogBook {
  /** What is said to it is written into the book. */
  readonly logger: Logger;
  readonly run = randomUUID();
  readonly #rings: Readonly<Record<LogName, LogRing>>;
  readonly #now: () => number;
  readonly #waiting = new Set<Waiting>();

  constructor({ now = Date.now, mostLines = MOST_LINES, mostBytes = MOST_BYTES }: LogBookOptions = {}) {
    this.#now = now;
    this.#rings = {
      app: new LogRing({ mostLines, mostBytes }),
      unpack: new LogRing({ mostLines, mostBytes }),
    };
    this.logger = createLogger({ level: "debug", sink: (entry) => this.#write(entry) });
  }

  /**
   * Lines behind one that is known. Where there are none it waits for some, and for those that come right behind them; not for
   * ever: then there are none in the answer.
   *
   * @throws the signal's reason
   */
  async read({ log, run, after }: ReadOptions, signal: AbortSignal): Promise<LogPart> {
    signal.throwIfAborted();
    const known = run === this.run ? after : 0;
    const ring = this.#rings[log];
    if (ring.last <= known) {
      await this.#somethingSaid(log, signal);
      signal.throwIfAborted();
    }
    const limits = { mostLines: MOST_LINES_ANSWERED, mostCharacters: MAX_CHARACTERS_ANSWERED };
    return { run: this.run, ...ring.after(known, limits) };
  }

  #write(entry: LogEntry): void {
    const log = entry.name.split(":").includes(UNPACK_LOGGER) ? "unpack" : "app";
    this.#rings[log].add(formatEntry(entry, this.#now()));
    for (const waiting of this.#waiting) if (waiting.log === log) waiting.wake();
  }

  async #somethingSaid(log: LogName, signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const late = setTimeout(resolve, WAIT_MS);
    let gathering: ReturnType<typeof setTimeout> | undefined;
    const wake = (): void => {
      gathering ??= setTimeout(resolve, GATHER_MS);
    };
    const waiting: Waiting = { log, wake };
    this.#waiting.add(waiting);
    const [oldest] = this.#waiting;
    if (this.#waiting.size > MOST_WAITING && oldest !== undefined) {
      this.#waiting.delete(oldest);
      oldest.wake();
    }
    const over = (): void => resolve();
    signal.addEventListener("abort", over, { once: true });
    try {
      await promise;
    } finally {
      clearTimeout(late);
      clearTimeout(gathering);
      signal.removeEventListener("abort", over);
      this.#waiting.delete(waiting);
    }
  }
}
