import { MAX_LABEL_BYTES, MAX_NAME_BYTES, MAX_SENT_BYTES } from "../constants.ts";
import { parseIpv4, parseIpv6 } from "./address.ts";
import { joinLabels, nameKey, splitName } from "./name.ts";
import { type DnsPacket, type DnsRecord, type Question, TYPE_CODES } from "./records.ts";

const CLASS_IN = 1;
/** Top bit of the class: unicast answer wanted in a question, cache-flush in a record. */
const TOP_BIT = 0x8000;
const FLAG_RESPONSE = 0x8000;
const FLAG_AUTHORITATIVE = 0x0400;
const FLAG_TRUNCATED = 0x0200;
/** A compression pointer has 14 bits for the offset (RFC 1035 section 4.1.4). */
const POINTER_LIMIT = 0x4000;

const textEncoder = new TextEncoder();

/**
 * One message as bytes, names compressed, SRV targets too (RFC 6762 section 18.14). Throws RangeError for
 * impossible names.
 */
export function encodePacket(packet: DnsPacket): Uint8Array {
  const writer = new Writer();
  writer.uint16(packet.id);
  const flags = packet.response ? FLAG_RESPONSE | FLAG_AUTHORITATIVE : 0;
  writer.uint16(flags | (packet.truncated ? FLAG_TRUNCATED : 0));
  writer.uint16(packet.questions.length);
  writer.uint16(packet.answers.length);
  writer.uint16(0);
  writer.uint16(packet.additionals.length);
  for (const question of packet.questions) writeQuestion(writer, question);
  for (const record of packet.answers) writeRecord(writer, record);
  for (const record of packet.additionals) writeRecord(writer, record);
  return writer.take();
}

/** Throws RangeError where a name does not fit the wire. */
export function checkName(name: string): void {
  new Writer().name(name);
}

/**
 * Messages of at most MAX_SENT_BYTES that together say what `packet` says. Additional records are a courtesy
 * and left out where they do not fit; the known answers of a query that do not fit follow in further packets,
 * all but the last marked truncated (RFC 6762 section 7.2). A single record that is larger travels alone.
 */
export function encodeSplit(packet: DnsPacket): Uint8Array[] {
  const whole = encodePacket(packet);
  if (whole.length <= MAX_SENT_BYTES) return [whole];
  if (packet.additionals.length > 0) {
    const fitting = packet.additionals.slice(0, Math.floor(packet.additionals.length / 2));
    return encodeSplit({ ...packet, additionals: fitting });
  }
  const { questions, answers } = packet;
  if (questions.length > 1 && answers.length === 0) {
    const middle = questions.length >> 1;
    return [
      ...encodeSplit({ ...packet, questions: questions.slice(0, middle) }),
      ...encodeSplit({ ...packet, questions: questions.slice(middle) }),
    ];
  }
  if (answers.length < 2) return [whole];
  const middle = answers.length >> 1;
  return [
    ...encodeSplit({ ...packet, answers: answers.slice(0, middle), truncated: !packet.response }),
    ...encodeSplit({ ...packet, questions: [], answers: answers.slice(middle) }),
  ];
}

function writeQuestion(writer: Writer, question: Question): void {
  writer.name(question.name);
  writer.uint16(TYPE_CODES[question.type]);
  writer.uint16(CLASS_IN | (question.unicast ? TOP_BIT : 0));
}

function writeRecord(writer: Writer, record: DnsRecord): void {
  writer.name(record.name);
  writer.uint16(TYPE_CODES[record.type]);
  writer.uint16(CLASS_IN | (record.flush ? TOP_BIT : 0));
  writer.uint32(record.ttl);
  const lengthAt = writer.reserve16();
  switch (record.type) {
    case "A":
      writer.address(parseIpv4(record.address), record.address);
      break;
    case "AAAA":
      writer.address(parseIpv6(record.address), record.address);
      break;
    case "PTR":
      writer.name(record.target);
      break;
    case "SRV":
      writer.uint16(record.priority);
      writer.uint16(record.weight);
      writer.uint16(record.port);
      writer.name(record.target);
      break;
    case "TXT":
      for (const bytes of record.strings) {
        writer.uint8(bytes.length);
        writer.bytes(bytes);
      }
      break;
  }
  writer.fillLength(lengthAt);
}

class Writer {
  #buffer = new Uint8Array(512);
  #length = 0;
  /** Name suffix (its key) to the offset where it was written. */
  readonly #suffixes = new Map<string, number>();

  take(): Uint8Array {
    return this.#buffer.slice(0, this.#length);
  }

  uint8(value: number): void {
    this.#room(1);
    this.#buffer[this.#length++] = value;
  }

  uint16(value: number): void {
    this.uint8((value >> 8) & 0xff);
    this.uint8(value & 0xff);
  }

  uint32(value: number): void {
    this.uint16(Math.floor(value / 0x10000) & 0xffff);
    this.uint16(value & 0xffff);
  }

  bytes(bytes: Uint8Array): void {
    this.#room(bytes.length);
    this.#buffer.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  address(bytes: Uint8Array | null, text: string): void {
    if (bytes === null) throw new RangeError(`${text} is no address`);
    this.bytes(bytes);
  }

  reserve16(): number {
    this.uint16(0);
    return this.#length - 2;
  }

  fillLength(at: number): void {
    const length = this.#length - at - 2;
    this.#buffer[at] = length >> 8;
    this.#buffer[at + 1] = length & 0xff;
  }

  name(name: string): void {
    const labels = splitName(name);
    let total = 1;
    for (const [at, label] of labels.entries()) {
      const suffix = nameKey(joinLabels(labels.slice(at)));
      const known = this.#suffixes.get(suffix);
      if (known !== undefined) {
        this.uint16(0xc000 | known);
        return;
      }
      const bytes = textEncoder.encode(label);
      total += bytes.length + 1;
      if (bytes.length === 0) throw new RangeError(`${name} has an empty label`);
      if (bytes.length > MAX_LABEL_BYTES)
        throw new RangeError(`${label} has ${bytes.length} bytes, over ${MAX_LABEL_BYTES}`);
      if (total > MAX_NAME_BYTES) throw new RangeError(`${name} is longer than ${MAX_NAME_BYTES} bytes`);
      if (this.#length < POINTER_LIMIT) this.#suffixes.set(suffix, this.#length);
      this.uint8(bytes.length);
      this.bytes(bytes);
    }
    this.uint8(0);
  }

  #room(more: number): void {
    if (this.#length + more <= this.#buffer.length) return;
    const larger = new Uint8Array(Math.max(this.#buffer.length * 2, this.#length + more));
    larger.set(this.#buffer);
    this.#buffer = larger;
  }
}
