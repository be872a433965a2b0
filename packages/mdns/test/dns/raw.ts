/** Messages written byte by byte: what the encoder would never send. */

/** A name without compression. */
export function rawName(...labels: readonly string[]): number[] {
  return [...labels.flatMap((label) => [Buffer.byteLength(label), ...Buffer.from(label)]), 0];
}

export function uint16(value: number): number[] {
  return [value >> 8, value & 0xff];
}

export interface RawCounts {
  readonly flags?: number;
  readonly questions?: number;
  readonly answers?: number;
  readonly authorities?: number;
  readonly additionals?: number;
}

/** A message: header, then `body`. */
export function rawMessage(counts: RawCounts, body: readonly number[]): Uint8Array {
  const { flags = 0x8400, questions = 0, answers = 0, authorities = 0, additionals = 0 } = counts;
  const header = [0, flags, questions, answers, authorities, additionals].flatMap(uint16);
  return Uint8Array.from([...header, ...body]);
}

/** A record with a lifetime of 120 s and class IN. */
export function rawRecord(
  name: readonly number[],
  type: number,
  data: readonly number[],
  klass = 1,
): number[] {
  return [...name, ...uint16(type), ...uint16(klass), 0, 0, 0, 120, ...uint16(data.length), ...data];
}
