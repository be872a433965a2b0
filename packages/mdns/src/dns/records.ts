import { nameKey } from "./name.ts";

/** Numbers of the record types that DNS-SD needs (RFC 1035, 2782, 3596). */
export const TYPE_CODES = { A: 1, PTR: 12, TXT: 16, AAAA: 28, SRV: 33, ANY: 255 } as const;
export type QuestionType = keyof typeof TYPE_CODES;
export type RecordType = Exclude<QuestionType, "ANY">;

/** The name of every service type on the network (RFC 6763 section 9). */
export const ENUMERATION_NAME = "_services._dns-sd._udp.local";

interface CommonFields {
  readonly name: string;
  /** Seconds; 0 takes the record back. */
  readonly ttl: number;
  /** Cache-flush bit: this is the whole set of this name and type (RFC 6762 section 10.2). */
  readonly flush: boolean;
}
export interface AddressRecord extends CommonFields {
  readonly type: "A" | "AAAA";
  readonly address: string;
}
export interface PointerRecord extends CommonFields {
  readonly type: "PTR";
  readonly target: string;
}
export interface ServiceRecord extends CommonFields {
  readonly type: "SRV";
  readonly priority: number;
  readonly weight: number;
  readonly port: number;
  readonly target: string;
}
export interface TextRecord extends CommonFields {
  readonly type: "TXT";
  readonly strings: readonly Uint8Array[];
}
/** The records of one type. */
export type RecordOf<T extends RecordType> = T extends "A" | "AAAA"
  ? AddressRecord
  : Extract<DnsRecord, { type: T }>;
export type DnsRecord = AddressRecord | PointerRecord | ServiceRecord | TextRecord;

export interface Question {
  readonly name: string;
  readonly type: QuestionType;
  /** The asker would take a unicast answer (RFC 6762 section 5.4). */
  readonly unicast: boolean;
}

/** One message. Records of other types and classes are not in it. */
export interface DnsPacket {
  readonly id: number;
  readonly response: boolean;
  /** More known answers follow in the next packet (RFC 6762 section 7.2). */
  readonly truncated: boolean;
  /** The asker is about to take these names (authority section filled; RFC 6762 section 8.1). */
  readonly probe: boolean;
  readonly questions: readonly Question[];
  readonly answers: readonly DnsRecord[];
  readonly additionals: readonly DnsRecord[];
}

export function makePacket(parts: Partial<DnsPacket>): DnsPacket {
  const empty = {
    id: 0,
    response: false,
    truncated: false,
    probe: false,
    questions: [],
    answers: [],
    additionals: [],
  };
  return { ...empty, ...parts };
}

/** What a record says, TTL aside: two records with one identity are the same record (RFC 6762 section 7.1). */
export function recordIdentity(record: DnsRecord): string {
  return `${setKey(record)} ${dataKey(record)}`;
}

/** Name and type: the set that a cache-flush bit is about. */
export function setKey(record: { readonly name: string; readonly type: string }): string {
  return `${record.type} ${nameKey(record.name)}`;
}

function dataKey(record: DnsRecord): string {
  switch (record.type) {
    case "A":
    case "AAAA":
      return record.address;
    case "PTR":
      return nameKey(record.target);
    case "SRV":
      return `${record.priority} ${record.weight} ${record.port} ${nameKey(record.target)}`;
    case "TXT":
      return JSON.stringify(record.strings.map((bytes) => String.fromCharCode(...bytes)));
  }
}
