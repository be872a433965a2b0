import {
  ASK_SPACING_MS,
  BROWSE_INTERVAL_MAX_MS,
  BROWSE_INTERVAL_MIN_MS,
  MAX_OPEN_QUESTIONS,
  MAX_QUESTIONS_PER_QUERY,
  MAX_REFRESHES_PER_ROUND,
  MISSING_ATTEMPTS,
  MISSING_DELAY_MS,
  SHARED_DELAY_MAX_MS,
  SHARED_DELAY_MIN_MS,
} from "../constants.ts";
import { nameKey } from "../dns/name.ts";
import { type DnsPacket, type DnsRecord, makePacket, type Question } from "../dns/records.ts";
import { clearTimer } from "../system.ts";
import type { Clock } from "../types.ts";
import type { RecordCache } from "./cache.ts";
import { missingQuestions } from "./resolve.ts";

export interface QuerierOptions {
  readonly clock: Clock;
  /** 0 up to 1. */
  readonly random: () => number;
  readonly cache: RecordCache;
  /** Types being browsed, as whole names. */
  readonly types: () => readonly string[];
  /** Names (keys) of the own instances: nothing is asked about them. */
  readonly own: () => ReadonlySet<string>;
  /** Own pointers: they go along as known answers, so that the own query wakes no answer of one's own. */
  readonly ownPointers: () => readonly DnsRecord[];
  readonly send: (packet: DnsPacket) => Promise<void>;
  /** The cache lost or gained something. */
  readonly onChange: () => void;
}

/**
 * Asks on one interface: for the instances of each browsed type, often at first and ever more rarely; for
 * records that are about to expire; for what an instance still lacks. Answers are always wanted by multicast:
 * unicast would reach only one of the programs that share the port.
 */
export class Querier {
  readonly #options: QuerierOptions;
  readonly #browses = new Map<string, { readonly type: string; nextAt: number; interval: number }>();
  /** Question key to what was done about it. */
  readonly #missing = new Map<string, { readonly question: Question; attempts: number; nextAt: number }>();
  #timer: object | null = null;
  #lastRound = Number.NEGATIVE_INFINITY;
  #closed = false;

  constructor(options: QuerierOptions) {
    this.#options = options;
  }

  /** Looks again at what is to be asked and when: after types, own names or the cache have changed. */
  update(): void {
    if (this.#closed) return;
    const { clock, cache, types, own } = this.#options;
    const now = clock.now();
    const wanted = types();
    const keys = new Set(wanted.map(nameKey));
    for (const key of this.#browses.keys()) if (!keys.has(key)) this.#browses.delete(key);
    for (const type of wanted) {
      if (this.#browses.has(nameKey(type))) continue;
      this.#browses.set(nameKey(type), {
        type,
        nextAt: now + this.#firstDelay(),
        interval: BROWSE_INTERVAL_MIN_MS,
      });
    }
    const missing = missingQuestions(cache, wanted, own());
    for (const key of this.#missing.keys()) if (!missing.has(key)) this.#missing.delete(key);
    for (const [key, question] of missing) {
      if (this.#missing.has(key)) continue;
      if (this.#missing.size >= MAX_OPEN_QUESTIONS) break;
      this.#missing.set(key, { question, attempts: 0, nextAt: now + MISSING_DELAY_MS });
    }
    this.#arm(now);
  }

  /** Starts the browse queries anew: the network may be another one. */
  restart(): void {
    this.#browses.clear();
    this.#missing.clear();
    this.update();
  }

  close(): void {
    this.#closed = true;
    clearTimer(this.#options.clock, this.#timer);
  }

  #tick(): void {
    const { clock, cache, onChange } = this.#options;
    const now = clock.now();
    const changed = cache.expire(now);
    this.#lastRound = now;
    this.#ask([...cache.takeRefreshes(now, MAX_REFRESHES_PER_ROUND), ...this.#takeMissing(now)]);
    for (const browse of this.#browses.values()) {
      if (browse.nextAt > now) continue;
      browse.nextAt = now + browse.interval;
      browse.interval = Math.min(browse.interval * 2, BROWSE_INTERVAL_MAX_MS);
      this.#browse(browse.type, now);
    }
    if (changed) onChange();
    this.update();
  }

  #browse(type: string, now: number): void {
    const { cache, ownPointers, send } = this.#options;
    const own = ownPointers().filter((record) => nameKey(record.name) === nameKey(type));
    const answers = [...own, ...cache.knownAnswers(type, "PTR", now)];
    void send(makePacket({ questions: [{ name: type, type: "PTR", unicast: false }], answers }));
  }

  #ask(questions: readonly Question[]): void {
    for (let at = 0; at < questions.length; at += MAX_QUESTIONS_PER_QUERY) {
      void this.#options.send(makePacket({ questions: questions.slice(at, at + MAX_QUESTIONS_PER_QUERY) }));
    }
  }

  #takeMissing(now: number): Question[] {
    const due: Question[] = [];
    for (const entry of this.#missing.values()) {
      if (entry.nextAt > now) continue;
      due.push(entry.question);
      entry.attempts++;
      // Given up until the record, or its instance, has gone and come again.
      const delay = MISSING_DELAY_MS * 2 ** entry.attempts;
      entry.nextAt = entry.attempts >= MISSING_ATTEMPTS ? Number.POSITIVE_INFINITY : now + delay;
    }
    return due;
  }

  #arm(now: number): void {
    const { clock, cache } = this.#options;
    let next = cache.nextTime();
    for (const browse of this.#browses.values()) next = Math.min(next, browse.nextAt);
    for (const entry of this.#missing.values()) next = Math.min(next, entry.nextAt);
    clearTimer(clock, this.#timer);
    this.#timer = null;
    if (next < Number.POSITIVE_INFINITY) {
      const at = Math.max(next, this.#lastRound + ASK_SPACING_MS);
      this.#timer = clock.setTimeout(() => this.#tick(), Math.max(1, Math.ceil(at - now)));
    }
  }

  #firstDelay(): number {
    return (
      SHARED_DELAY_MIN_MS +
      Math.floor(this.#options.random() * (SHARED_DELAY_MAX_MS - SHARED_DELAY_MIN_MS + 1))
    );
  }
}
