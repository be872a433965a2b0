/** The types of records that lead from a kind of service to addresses (RFC 1035, 2782, 3596). */
const TYPES = { A: 1, PTR: 12, AAAA: 28, SRV: 33 } as const;
export type RecordType = keyof typeof TYPES;

/** One record as it is said: `data` is an address, or the name that it leads to. */
export interface SaidRecord {
  readonly name: string;
  readonly type: RecordType;
  readonly data: string;
}

const CLASS_IN = 1;
const HEADER_BYTES = 12;
/** Type and class of a question. */
const QUESTION_BYTES = 4;
const IS_ANSWER = 0x80;
/** The two top bits of a length: the rest of the name is elsewhere in the message (RFC 1035, 4.1.4). */
const POINTER = 0xc0;
/** Where the target begins in the data of an SRV record: behind priority, weight and port. */
const SRV_TARGET = 6;

/** A multicast question (RFC 6762) for all records of one name and type. */
export function encodeQuestion(name: string, type: RecordType): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt16BE(1, 4);
  const labels = name.split(".").map((label) => Buffer.from(label));
  const wire = labels.flatMap((label) => [Buffer.of(label.length), label]);
  const end = Buffer.alloc(1 + QUESTION_BYTES);
  end.writeUInt16BE(TYPES[type], 1);
  end.writeUInt16BE(CLASS_IN, 3);
  return Buffer.concat([header, ...wire, end]);
}

/**
 * Every record of an answer, in whatever section it is. Knows nothing of the program that it judges.
 *
 * @returns none where the message is a question
 * @throws RangeError where it ends too early
 */
export function recordsIn(message: Buffer): readonly SaidRecord[] {
  if ((message.readUInt8(2) & IS_ANSWER) === 0) return [];
  const [questions, ...sections] = [4, 6, 8, 10].map((at) => message.readUInt16BE(at));
  let at = HEADER_BYTES;
  for (let index = 0; index < (questions ?? 0); index++) at = nameAt(message, at).end + QUESTION_BYTES;
  const records: SaidRecord[] = [];
  for (let left = sections.reduce((sum, count) => sum + count, 0); left > 0; left--) {
    const { name, end } = nameAt(message, at);
    const code = message.readUInt16BE(end);
    const from = end + 10;
    at = from + message.readUInt16BE(end + 8);
    const type = (Object.keys(TYPES) as RecordType[]).find((key) => TYPES[key] === code);
    if (type !== undefined) records.push({ name, type, data: dataOf(type, message, from) });
  }
  return records;
}

function dataOf(type: RecordType, message: Buffer, at: number): string {
  switch (type) {
    case "A":
      return [0, 1, 2, 3].map((index) => message.readUInt8(at + index)).join(".");
    case "AAAA":
      return [0, 2, 4, 6, 8, 10, 12, 14]
        .map((index) => message.readUInt16BE(at + index).toString(16))
        .join(":");
    case "PTR":
      return nameAt(message, at).name;
    case "SRV":
      return nameAt(message, at + SRV_TARGET).name;
  }
}

/** A name, labels with dots between, and where it ends. */
function nameAt(message: Buffer, start: number): { readonly name: string; readonly end: number } {
  const labels: string[] = [];
  let end: number | undefined;
  let at = start;
  for (let length = message.readUInt8(at); length > 0; length = message.readUInt8(at)) {
    if (length >= POINTER) {
      end ??= at + 2;
      const to = message.readUInt16BE(at) & 0x3fff;
      // Only backwards, or it would never end.
      if (to >= at) throw new RangeError(`a name leads from ${at} to ${to}`);
      at = to;
    } else {
      labels.push(message.toString("utf8", at + 1, at + 1 + length));
      at += 1 + length;
    }
  }
  return { name: labels.join("."), end: end ?? at + 1 };
}
