import { MAX_NAME_BYTES, MAX_NAME_POINTERS, MAX_RECEIVED_BYTES } from "../constants.ts";
import { formatIpv4, formatIpv6 } from "./address.ts";
import { joinLabels } from "./name.ts";
import { type DnsPacket, type DnsRecord, type Question, type QuestionType, TYPE_CODES } from "./records.ts";

const HEADER_BYTES = 12;
const CLASS_IN = 1;
const CLASS_ANY = 255;
const TYPE_NAMES = new Map<number, QuestionType>(
  (Object.keys(TYPE_CODES) as QuestionType[]).map((type) => [TYPE_CODES[type], type]),
);

/** UTF-8 or nothing: a name of other bytes could not be sent back the same. */
const strictDecoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * The message in a datagram, or null where it is none: too short, too long, cut off, names that loop, jump
 * too often or point forward, an operation or response code other than 0 (RFC 6762 section 18.3, 18.11).
 * Never throws; allocates in proportion to the bytes received, whatever the counts in the header claim.
 * Records of unknown types or with senseless data are left out.
 */
export function decodePacket(bytes: Uint8Array): DnsPacket | null {
  if (bytes.length < HEADER_BYTES || bytes.length > MAX_RECEIVED_BYTES) return null;
  try {
    return new Reader(bytes).packet();
  } catch (error) {
    if (error instanceof MalformedError) return null;
    throw error;
  }
}

class MalformedError extends Error {}

class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  packet(): DnsPacket {
    const id = this.#uint16();
    const flags = this.#uint16();
    // Bits of operation code and response code.
    if ((flags & 0x780f) !== 0) throw new MalformedError("operation or response code");
    const counts = {
      questions: this.#uint16(),
      answers: this.#uint16(),
      authorities: this.#uint16(),
      more: this.#uint16(),
    };
    const questions = this.#list(counts.questions, () => this.#question());
    const answers = this.#list(counts.answers, () => this.#record());
    this.#list(counts.authorities, () => this.#record());
    const additionals = this.#list(counts.more, () => this.#record());
    const probe = counts.authorities > 0;
    return {
      id,
      response: (flags & 0x8000) !== 0,
      truncated: (flags & 0x0200) !== 0,
      probe,
      questions,
      answers,
      additionals,
    };
  }

  #list<T>(count: number, read: () => T | null): T[] {
    const items: T[] = [];
    for (let done = 0; done < count; done++) {
      const item = read();
      if (item !== null) items.push(item);
    }
    return items;
  }

  #question(): Question | null {
    const name = this.#name();
    const type = TYPE_NAMES.get(this.#uint16());
    const klass = this.#uint16();
    const known = (klass & 0x7fff) === CLASS_IN || (klass & 0x7fff) === CLASS_ANY;
    if (name === null || type === undefined || !known) return null;
    return { name, type, unicast: (klass & 0x8000) !== 0 };
  }

  #record(): DnsRecord | null {
    const name = this.#name();
    const type = TYPE_NAMES.get(this.#uint16());
    const klass = this.#uint16();
    const ttl = this.#uint16() * 0x10000 + this.#uint16();
    const length = this.#uint16();
    const end = this.#at + length;
    if (end > this.#bytes.length) throw new MalformedError("record data");
    const record =
      name === null || type === undefined || (klass & 0x7fff) !== CLASS_IN
        ? null
        : this.#data({ name, ttl, flush: (klass & 0x8000) !== 0 }, type, end);
    this.#at = end;
    return record;
  }

  #data(
    common: { name: string; ttl: number; flush: boolean },
    type: QuestionType,
    end: number,
  ): DnsRecord | null {
    const data = this.#bytes.subarray(this.#at, end);
    switch (type) {
      case "A":
        return data.length === 4 ? { ...common, type, address: formatIpv4(data) } : null;
      case "AAAA":
        return data.length === 16 ? { ...common, type, address: formatIpv6(data) } : null;
      case "PTR": {
        const target = this.#nameUntil(end);
        return target === null ? null : { ...common, type, target };
      }
      case "SRV": {
        if (data.length < 7) return null;
        const [priority, weight, port] = [this.#uint16(), this.#uint16(), this.#uint16()];
        const target = this.#nameUntil(end);
        return target === null ? null : { ...common, type, priority, weight, port, target };
      }
      case "TXT": {
        const strings = splitStrings(data);
        return strings === null ? null : { ...common, type, strings };
      }
      case "ANY":
        return null;
    }
  }

  /** A name that must fill the record's data exactly. */
  #nameUntil(end: number): string | null {
    if (this.#at >= end) return null;
    const name = this.#name();
    return this.#at === end ? name : null;
  }

  /** A name in text form; null where it is the root or holds a label that is no UTF-8. */
  #name(): string | null {
    const labels: string[] = [];
    let readable = true;
    let total = 1;
    let at = this.#at;
    // Pointers may only lead backwards, so each jump lowers this and the walk ends.
    let limit = at;
    let resume = -1;
    let jumps = 0;
    for (;;) {
      const length = this.#byteAt(at);
      if (length === 0) break;
      if ((length & 0xc0) === 0xc0) {
        const target = ((length & 0x3f) << 8) | this.#byteAt(at + 1);
        if (resume < 0) resume = at + 2;
        if (target >= limit || ++jumps > MAX_NAME_POINTERS) throw new MalformedError("pointer");
        limit = target;
        at = target;
        continue;
      }
      if ((length & 0xc0) !== 0) throw new MalformedError("label");
      total += length + 1;
      if (total > MAX_NAME_BYTES || at + 1 + length > this.#bytes.length) throw new MalformedError("name");
      const label = decodeLabel(this.#bytes.subarray(at + 1, at + 1 + length));
      if (label === null) readable = false;
      else labels.push(label);
      at += 1 + length;
    }
    this.#at = resume < 0 ? at + 1 : resume;
    return readable && labels.length > 0 ? joinLabels(labels) : null;
  }

  #uint16(): number {
    const value = (this.#byteAt(this.#at) << 8) | this.#byteAt(this.#at + 1);
    this.#at += 2;
    return value;
  }

  #byteAt(at: number): number {
    const byte = this.#bytes[at];
    if (byte === undefined) throw new MalformedError("cut off");
    return byte;
  }
}

function decodeLabel(bytes: Uint8Array): string | null {
  try {
    return strictDecoder.decode(bytes);
  } catch {
    return null;
  }
}

/** Copies, so that a remembered TXT record does not hold its whole datagram. */
function splitStrings(data: Uint8Array): Uint8Array[] | null {
  const strings: Uint8Array[] = [];
  let at = 0;
  while (at < data.length) {
    const length = data[at] ?? 0;
    if (at + 1 + length > data.length) return null;
    strings.push(data.slice(at + 1, at + 1 + length));
    at += 1 + length;
  }
  return strings;
}
