/** What is looked for: so many bytes that came before. A match of fewer saves nothing where it lies far back. */
const MIN_MATCH = 5;
/** Within what every version of the format can say. */
const MAX_MATCH = 4_000;

/** The dictionary: how far back a match may lie, bytes. */
const DICTIONARY_BYTES = 1024 * 1024;

const HASH_BITS = 16;

/** One token after the other: a byte as it is (`length` 0), or `length` bytes as they were `distance` bytes before. */
export interface TokenSink {
  literal(byte: number): void;
  match(length: number, distance: number): void;
}

/**
 * Finds matches, greedily, by the last place at which the same four bytes were.
 *
 * @param from where the tokens begin: what comes before is in the dictionary already
 */
export function findMatches(bytes: Uint8Array, sink: TokenSink, from = 0): void {
  const last = new Int32Array(1 << HASH_BITS).fill(-1);
  for (let before = Math.max(0, from - DICTIONARY_BYTES); before < from; before++) {
    last[hashAt(bytes, before)] = before;
  }
  let at = from;
  while (at < bytes.length) {
    const hash = hashAt(bytes, at);
    const before = at + MIN_MATCH <= bytes.length ? (last[hash] ?? -1) : -1;
    last[hash] = at;
    const length = before < 0 || at - before > DICTIONARY_BYTES ? 0 : matchLength(bytes, before, at);
    if (length < MIN_MATCH) {
      sink.literal(bytes[at] ?? 0);
      at += 1;
    } else {
      sink.match(length, at - before);
      at += length;
    }
  }
}

function hashAt(bytes: Uint8Array, at: number): number {
  const four =
    (bytes[at] ?? 0) |
    ((bytes[at + 1] ?? 0) << 8) |
    ((bytes[at + 2] ?? 0) << 16) |
    ((bytes[at + 3] ?? 0) << 24);
  return Math.imul(four, 0x9e3779b1) >>> (32 - HASH_BITS);
}

function matchLength(bytes: Uint8Array, before: number, at: number): number {
  const most = Math.min(MAX_MATCH, bytes.length - at);
  let length = 0;
  while (length < most && bytes[before + length] === bytes[at + length]) length += 1;
  return length;
}
