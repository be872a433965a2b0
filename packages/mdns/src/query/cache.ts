import {
  GOODBYE_GRACE_MS,
  MAX_KEPT_TXT_BYTES,
  MAX_RECORDS,
  MAX_RECORDS_PER_SOURCE,
  MAX_TTL_S,
  REFRESH_JITTER_SHARE,
  REFRESH_SHARES,
} from "../constants.ts";
import { nameKey } from "../dns/name.ts";
import {
  type DnsRecord,
  type Question,
  type RecordOf,
  type RecordType,
  recordIdentity,
  setKey,
} from "../dns/records.ts";

/** Times in milliseconds of the caller's clock. */
interface Entry {
  record: DnsRecord;
  readonly source: string;
  receivedAt: number;
  expiresAt: number;
  /** Of an address: it came from there. */
  vouched: boolean;
  /** Times at which it is to be asked for again; the first comes first. */
  refreshAt: number[];
}

/** A remembered record and its time of arrival: of two that contradict each other the later one counts. */
export interface Remembered<R extends DnsRecord = DnsRecord> {
  readonly record: R;
  readonly receivedAt: number;
  /** Of an address: the machine that has it has said it, at least once. */
  readonly vouched: boolean;
}

/**
 * Records heard on one interface. Decides only: the caller brings the time and asks what is due. Bounded:
 * what comes when the room, or the sender's share of it, is full is not remembered.
 */
export class RecordCache {
  readonly #sets = new Map<string, Map<string, Entry>>();
  readonly #perSource = new Map<string, number>();
  readonly #random: () => number;
  #size = 0;

  constructor(random: () => number) {
    this.#random = random;
  }

  get size(): number {
    return this.#size;
  }

  /**
   * Takes in the records of one response. The cache-flush bit ends the older records of its set after a
   * second, but not those of this same response; lifetime 0 ends the record itself after a second (RFC 6762
   * section 10.1, 10.2).
   * @returns whether anything a browser shows may have changed.
   */
  put(records: readonly DnsRecord[], source: string, now: number): boolean {
    let changed = false;
    for (const record of records) if (record.flush) this.#flushOlder(setKey(record), now);
    for (const record of records) if (this.#putOne(record, source, now)) changed = true;
    return changed;
  }

  /** Forgets what has expired. @returns whether there was any. */
  expire(now: number): boolean {
    let changed = false;
    for (const [key, set] of this.#sets) {
      for (const [identity, entry] of set) {
        if (entry.expiresAt > now) continue;
        this.#remove(key, identity, entry);
        changed = true;
      }
    }
    return changed;
  }

  /**
   * Questions for the records whose next time to be asked for has come; each time is reported once. What is
   * beyond `most` stays due.
   */
  takeRefreshes(now: number, most: number): Question[] {
    const questions = new Map<string, Question>();
    for (const [key, set] of this.#sets) {
      for (const entry of set.values()) {
        if ((entry.refreshAt[0] ?? Number.POSITIVE_INFINITY) > now) continue;
        if (questions.size >= most && !questions.has(key)) return [...questions.values()];
        entry.refreshAt = entry.refreshAt.filter((at) => at > now);
        questions.set(key, { name: entry.record.name, type: entry.record.type, unicast: false });
      }
    }
    return [...questions.values()];
  }

  /** When `expire` or `takeRefreshes` will next have something to do; infinity where never. */
  nextTime(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const set of this.#sets.values()) {
      for (const entry of set.values()) next = Math.min(next, entry.expiresAt, entry.refreshAt[0] ?? next);
    }
    return next;
  }

  /**
   * After a sleep nothing is certain: each record ends within `withinMs` unless it is heard again; half way
   * it is asked for.
   */
  reconfirm(now: number, withinMs: number): void {
    for (const set of this.#sets.values()) {
      for (const entry of set.values()) {
        entry.expiresAt = Math.min(entry.expiresAt, now + withinMs);
        entry.refreshAt = [now + withinMs / 2];
      }
    }
  }

  /** The records of one name and type. */
  lookup<T extends RecordType>(name: string, type: T): Remembered<RecordOf<T>>[] {
    const found: Remembered<RecordOf<T>>[] = [];
    for (const entry of this.#sets.get(setKey({ name, type }))?.values() ?? []) {
      const { record, receivedAt, vouched } = entry;
      if (isOfType(record, type)) found.push({ record, receivedAt, vouched });
    }
    return found;
  }

  /**
   * Records of a shared set that a question need not be answered with, with the seconds they have left (RFC
   * 6762 section 7.1).
   */
  knownAnswers(name: string, type: RecordType, now: number): DnsRecord[] {
    const known: DnsRecord[] = [];
    for (const { record, expiresAt } of this.#sets.get(setKey({ name, type }))?.values() ?? []) {
      const left = Math.floor((expiresAt - now) / 1_000);
      if (left > record.ttl / 2) known.push({ ...record, ttl: left, flush: false });
    }
    return known;
  }

  #putOne(heard: DnsRecord, source: string, now: number): boolean {
    const record = { ...heard, ttl: Math.min(heard.ttl, MAX_TTL_S) };
    const key = setKey(record);
    const identity = recordIdentity(record);
    const vouched = isAddress(record) && record.address === source;
    const known = this.#sets.get(key)?.get(identity);
    if (known !== undefined) {
      if (record.ttl === 0) {
        known.expiresAt = Math.min(known.expiresAt, now + GOODBYE_GRACE_MS);
        known.refreshAt = [];
        return false;
      }
      known.record = record;
      known.receivedAt = now;
      known.expiresAt = now + record.ttl * 1_000;
      known.refreshAt = this.#refreshTimes(record.ttl, now);
      const news = vouched && !known.vouched;
      known.vouched ||= vouched;
      // Alone in its set it says nothing new; beside another it is the newest now.
      return news || (this.#sets.get(key)?.size ?? 0) > 1;
    }
    if (record.ttl === 0 || !this.#hasRoom(record, source)) return false;
    const set = this.#sets.get(key) ?? new Map<string, Entry>();
    this.#sets.set(key, set);
    const refreshAt = this.#refreshTimes(record.ttl, now);
    const expiresAt = now + record.ttl * 1_000;
    set.set(identity, { record, source, receivedAt: now, expiresAt, vouched, refreshAt });
    this.#perSource.set(source, (this.#perSource.get(source) ?? 0) + 1);
    this.#size++;
    return true;
  }

  #hasRoom(record: DnsRecord, source: string): boolean {
    if (
      record.type === "TXT" &&
      record.strings.reduce((sum, bytes) => sum + bytes.length + 1, 0) > MAX_KEPT_TXT_BYTES
    )
      return false;
    return this.#size < MAX_RECORDS && (this.#perSource.get(source) ?? 0) < MAX_RECORDS_PER_SOURCE;
  }

  #flushOlder(key: string, now: number): void {
    for (const entry of this.#sets.get(key)?.values() ?? []) {
      // What came within the last second may be another part of the same set (RFC 6762 section 10.2).
      if (now - entry.receivedAt <= GOODBYE_GRACE_MS) continue;
      entry.expiresAt = Math.min(entry.expiresAt, now + GOODBYE_GRACE_MS);
      entry.refreshAt = [];
    }
  }

  #refreshTimes(ttl: number, now: number): number[] {
    return REFRESH_SHARES.map((share) => now + ttl * 1_000 * (share + this.#random() * REFRESH_JITTER_SHARE));
  }

  #remove(key: string, identity: string, entry: Entry): void {
    const set = this.#sets.get(key);
    set?.delete(identity);
    if (set?.size === 0) this.#sets.delete(key);
    const left = (this.#perSource.get(entry.source) ?? 1) - 1;
    if (left === 0) this.#perSource.delete(entry.source);
    else this.#perSource.set(entry.source, left);
    this.#size--;
  }
}

function isAddress(record: DnsRecord): record is RecordOf<"A"> {
  return record.type === "A" || record.type === "AAAA";
}

function isOfType<T extends RecordType>(record: DnsRecord, type: T): record is RecordOf<T> & DnsRecord {
  return record.type === type;
}

/**
 * Names under which a record may matter to somebody who browses `types` (as keys): the rest is not worth
 * remembering.
 */
export function isWanted(record: DnsRecord, types: ReadonlySet<string>): boolean {
  switch (record.type) {
    case "PTR":
      return types.has(nameKey(record.name));
    case "SRV":
    case "TXT": {
      // The first label is the instance; it may hold escaped dots.
      const parent = /^(?:[^.\\]|\\.)+\.(.+)$/s.exec(record.name)?.[1];
      return parent !== undefined && types.has(nameKey(parent));
    }
    case "A":
    case "AAAA":
      return true;
  }
}
