import {
  ANNOUNCE_INTERVAL_MS,
  MAX_KNOWN_ANSWERS,
  MAX_LEGACY_ANSWERS_PER_S,
  MAX_WAITING_QUERIES,
  MDNS_PORT,
  MULTICAST_INTERVAL_MS,
  PROBE_ANSWER_INTERVAL_MS,
  SHARED_DELAY_MAX_MS,
  SHARED_DELAY_MIN_MS,
  TRUNCATED_DELAY_MAX_MS,
  TRUNCATED_DELAY_MIN_MS,
} from "../constants.ts";
import {
  type DnsPacket,
  type DnsRecord,
  makePacket,
  type Question,
  recordIdentity,
  setKey,
} from "../dns/records.ts";
import type { Sender } from "../net/multicast-socket.ts";
import { clearTimer } from "../system.ts";
import type { Clock } from "../types.ts";
import { additionalRecords, answerQuestions, legacyAnswer, uniqueRecords } from "./answer.ts";
import type { ServiceRecords } from "./service-records.ts";

export interface ResponderOptions {
  readonly clock: Clock;
  /** 0 up to 1. */
  readonly random: () => number;
  /** Records of the services advertised now, with the addresses of this interface. */
  readonly services: () => readonly ServiceRecords[];
  /** Failures are the sender's business. */
  readonly send: (packet: DnsPacket, to?: Sender) => Promise<void>;
}

/** A truncated query that waits for the rest of its known answers. */
interface WaitingQuery {
  questions: readonly Question[];
  known: DnsRecord[];
  readonly timer: object;
}

/**
 * Speaks for the own services on one interface: announcements, answers, goodbyes. No record is multicast
 * twice within a second; what is due too early waits, and what is due together leaves together, with the
 * content it has then.
 */
export class Responder {
  readonly #options: ResponderOptions;
  /** Slot of a record to the time at which it is to be sent. */
  readonly #due = new Map<string, number>();
  /** Slot of a record to the time at which it was last multicast. */
  readonly #sent = new Map<string, number>();
  readonly #waiting = new Map<string, WaitingQuery>();
  readonly #repeats = new Set<object>();
  #timer: object | null = null;
  #closed = false;
  #legacySecond = 0;
  #legacyAnswers = 0;

  constructor(options: ResponderOptions) {
    this.#options = options;
  }

  /** Multicasts the chosen records now and once more after a second (RFC 6762 section 8.3). */
  announce(choose: (services: readonly ServiceRecords[]) => readonly DnsRecord[]): void {
    if (this.#closed) return;
    const { clock, services } = this.#options;
    const slots = choose(services()).map(slotOf);
    const speak = () => {
      for (const slot of slots) this.#schedule(slot, clock.now(), MULTICAST_INTERVAL_MS);
      this.#flush();
    };
    speak();
    const repeat = clock.setTimeout(() => {
      this.#repeats.delete(repeat);
      speak();
    }, ANNOUNCE_INTERVAL_MS);
    this.#repeats.add(repeat);
  }

  /** Takes records back at once (RFC 6762 section 10.1). */
  async goodbye(records: readonly DnsRecord[]): Promise<void> {
    if (records.length === 0) return;
    await this.#options.send(
      makePacket({ response: true, answers: records.map((record) => ({ ...record, ttl: 0 })) }),
    );
  }

  handleQuery(query: DnsPacket, from: Sender): void {
    if (this.#closed) return;
    if (from.port !== MDNS_PORT) {
      this.#answerLegacy(query, from);
      return;
    }
    const source = `${from.address}:${from.port}`;
    const waiting = this.#waiting.get(source);
    if (waiting !== undefined) {
      waiting.questions = [...waiting.questions, ...query.questions].slice(0, MAX_KNOWN_ANSWERS);
      for (const record of query.answers)
        if (waiting.known.length < MAX_KNOWN_ANSWERS) waiting.known.push(record);
      return;
    }
    if (query.truncated && this.#waiting.size < MAX_WAITING_QUERIES) {
      const delay = this.#between(TRUNCATED_DELAY_MIN_MS, TRUNCATED_DELAY_MAX_MS);
      const timer = this.#options.clock.setTimeout(() => this.#endWaiting(source), delay);
      this.#waiting.set(source, { questions: query.questions, known: [...query.answers], timer });
      return;
    }
    this.#answer(query.questions, query.answers, query.probe);
  }

  close(): void {
    const { clock } = this.#options;
    this.#closed = true;
    for (const timer of [this.#timer, ...this.#repeats]) clearTimer(clock, timer);
    for (const { timer } of this.#waiting.values()) clock.clearTimeout(timer);
    this.#repeats.clear();
    this.#waiting.clear();
    this.#due.clear();
  }

  #endWaiting(source: string): void {
    const waiting = this.#waiting.get(source);
    this.#waiting.delete(source);
    if (waiting !== undefined) this.#answer(waiting.questions, waiting.known, false);
  }

  #answer(questions: readonly Question[], known: readonly DnsRecord[], probe: boolean): void {
    const now = this.#options.clock.now();
    for (const { record, shared } of answerQuestions(questions, known, this.#options.services())) {
      const delay = shared ? this.#between(SHARED_DELAY_MIN_MS, SHARED_DELAY_MAX_MS) : 0;
      this.#schedule(slotOf(record), now + delay, probe ? PROBE_ANSWER_INTERVAL_MS : MULTICAST_INTERVAL_MS);
    }
    this.#flush();
  }

  #answerLegacy(query: DnsPacket, from: Sender): void {
    const { clock, services, send } = this.#options;
    const records = services();
    const answers = answerQuestions(query.questions, query.answers, records).map((answer) => answer.record);
    if (answers.length === 0) return;
    const second = Math.floor(clock.now() / 1_000);
    if (second !== this.#legacySecond) [this.#legacySecond, this.#legacyAnswers] = [second, 0];
    if (++this.#legacyAnswers > MAX_LEGACY_ANSWERS_PER_S) return;
    void send(legacyAnswer(query, answers, additionalRecords(answers, records)), from);
  }

  #schedule(slot: string, at: number, interval: number): void {
    const sent = this.#sent.get(slot);
    const time = sent === undefined ? at : Math.max(at, sent + interval);
    this.#due.set(slot, Math.min(time, this.#due.get(slot) ?? time));
  }

  /** Sends what is due and sets the timer for the rest. */
  #flush(): void {
    const { clock, services, send } = this.#options;
    clearTimer(clock, this.#timer);
    this.#timer = null;
    if (this.#closed) return;
    const now = clock.now();
    const slots = new Set<string>();
    let next = Number.POSITIVE_INFINITY;
    for (const [slot, at] of this.#due) {
      if (at <= now) slots.add(slot);
      else next = Math.min(next, at);
    }
    if (slots.size > 0) {
      const current = services();
      const all = [...uniqueRecords(current).values()];
      const answers = all.filter((record) => slots.has(slotOf(record)));
      const alive = new Set(all.map(slotOf));
      for (const slot of slots) this.#due.delete(slot);
      for (const slot of this.#sent.keys()) if (!alive.has(slot)) this.#sent.delete(slot);
      for (const record of answers) this.#sent.set(slotOf(record), now);
      const additionals = additionalRecords(answers, current);
      if (answers.length > 0) void send(makePacket({ response: true, answers, additionals }));
    }
    if (next < Number.POSITIVE_INFINITY) this.#timer = clock.setTimeout(() => this.#flush(), next - now);
  }

  #between(min: number, max: number): number {
    return min + Math.floor(this.#options.random() * (max - min + 1));
  }
}

/**
 * Where a record is waited for: the whole set of name and type where it is unique (a set with the cache-flush
 * bit must be sent whole, RFC 6762 section 10.2, and its content may change), the record itself where it is
 * shared.
 */
function slotOf(record: DnsRecord): string {
  return record.flush ? setKey(record) : recordIdentity(record);
}
