import { LEGACY_TTL_S } from "../constants.ts";
import { nameKey } from "../dns/name.ts";
import {
  type DnsPacket,
  type DnsRecord,
  makePacket,
  type Question,
  recordIdentity,
  setKey,
} from "../dns/records.ts";
import { allRecords, type ServiceRecords } from "./service-records.ts";

/** A record to send because somebody asked for it. */
export interface Answer {
  readonly record: DnsRecord;
  /** Several hosts may answer: wait a little, so that they do not speak at once (RFC 6762 section 6). */
  readonly shared: boolean;
}

/**
 * What the services have to say to the questions, each record once, without what the asker knows already: a known
 * answer with at least half of our lifetime left (RFC 6762 section 7.1).
 */
export function answerQuestions(
  questions: readonly Question[],
  known: readonly DnsRecord[],
  services: readonly ServiceRecords[],
): Answer[] {
  const answers = new Map<string, Answer>();
  if (questions.length === 0) return [];
  const knownTtls = new Map(known.map((record) => [recordIdentity(record), record.ttl]));
  const records = uniqueRecords(services);
  for (const question of questions) {
    const asked = nameKey(question.name);
    for (const [identity, record] of records) {
      if (nameKey(record.name) !== asked) continue;
      if (question.type !== "ANY" && question.type !== record.type) continue;
      if ((knownTtls.get(identity) ?? -1) >= record.ttl / 2) continue;
      answers.set(identity, { record, shared: !record.flush });
    }
  }
  return [...answers.values()];
}

/**
 * Records that the asker will want next, beside `answers`: SRV, TXT and addresses of a PTR, addresses of an
 * SRV, the other family of an address (RFC 6763 section 12, RFC 6762 section 6.2).
 */
export function additionalRecords(
  answers: readonly DnsRecord[],
  services: readonly ServiceRecords[],
): DnsRecord[] {
  const have = new Set(answers.map(recordIdentity));
  const more = new Map<string, DnsRecord>();
  const add = (records: readonly DnsRecord[]) => {
    for (const record of records) {
      const identity = recordIdentity(record);
      if (!have.has(identity)) more.set(identity, record);
    }
  };
  const asked = new Set(answers.map(setKey));
  for (const records of services) {
    const identity = recordIdentity(records.pointer);
    if (have.has(identity)) add([records.service, records.text, ...records.hosts]);
    else if (asked.has(setKey(records.service)) || records.hosts.some((host) => asked.has(setKey(host))))
      add(records.hosts);
  }
  return [...more.values()];
}

/**
 * The answer to a program that asks from another port than 5353: plain DNS with its id and questions, short
 * lifetimes, no cache-flush bits (RFC 6762 section 6.7).
 */
export function legacyAnswer(
  query: DnsPacket,
  answers: readonly DnsRecord[],
  additionals: readonly DnsRecord[],
): DnsPacket {
  const plain = (record: DnsRecord): DnsRecord => ({
    ...record,
    ttl: Math.min(record.ttl, LEGACY_TTL_S),
    flush: false,
  });
  const parts = { answers: answers.map(plain), additionals: additionals.map(plain) };
  return makePacket({ id: query.id, response: true, questions: query.questions, ...parts });
}

/** Every record of the services under its identity; services of one host share its addresses. */
export function uniqueRecords(services: readonly ServiceRecords[]): Map<string, DnsRecord> {
  return new Map(services.flatMap(allRecords).map((record) => [recordIdentity(record), record]));
}
