import { crc32 } from "node:zlib";
import { BitWriter } from "./bit-writer.ts";
import { type PrefixCode, prefixCode } from "./huffman.ts";
import { findMatches } from "./matches.ts";

/** Bytes, compressed as an entry of a RAR 5.0 archive. */
export interface Packed {
  readonly packed: Uint8Array;
  /** Bytes of the content. */
  readonly size: number;
  /** Of the content. */
  readonly crc: number;
}

/** Symbols of the four codes: literals and lengths, distances, their lowest bits, lengths of repeated distances. */
const MAIN_SYMBOLS = 306;
const DISTANCE_SYMBOLS = 64;
const LOW_SYMBOLS = 16;
const REPEAT_SYMBOLS = 44;
/** The first symbol that is a length; those between the bytes and it are filters and repetitions, which are not used. */
const FIRST_LENGTH = 262;

/** The code of code lengths: symbols, and the bits that each of its own lengths takes. */
const LENGTH_SYMBOLS = 20;
const LENGTH_BITS = 4;
/** Symbols for runs of zeros: at least 3 with 3 more bits, at least 11 with 7 more bits. */
const ZEROS = { symbol: 18, from: 3, bits: 3 };
const MANY_ZEROS = { symbol: 19, from: 11, bits: 7 };

/** A match that lies farther back is so much longer than its symbol says, since a shorter one is never worth it. */
const FARTHER = [0x100, 0x2000, 0x40000] as const;
/** Below it a length and a distance are their own symbols. */
const SMALL_LENGTH = 8;
const SMALL_DISTANCE = 4;
/** Lowest bits of a far distance, which have a code of their own. */
const LOW_BITS = 4;

/** Tokens in a block of its own: after so many the codes are made anew. */
const BLOCK_TOKENS = 128 * 1024;

const FLAG_LAST = 0x40;
const FLAG_TABLES = 0x80;
const CHECKSUM_SEED = 0x5a;

/**
 * Compresses as RAR 5.0 does (LZ77 and Huffman codes, no filters), as its published source code reads it: real work for
 * every unpacker, if less tight than what the real program makes of it.
 */
export function compressRar5(bytes: Uint8Array): Packed {
  return compressFrom(bytes, 0);
}

/**
 * The same for the files of a solid archive, in their order: what one file holds is not said again in the ones behind it,
 * so that none of these can be read alone.
 */
export function compressSolidRar5(files: readonly Uint8Array[]): readonly Packed[] {
  const all = Buffer.concat(files);
  let end = 0;
  return files.map((bytes) => {
    const from = end;
    end += bytes.length;
    return compressFrom(all.subarray(0, end), from);
  });
}

/** Compresses what is behind `from`; what is before it is known to who reads it. */
function compressFrom(bytes: Uint8Array, from: number): Packed {
  const blocks: Uint8Array[] = [];
  let tokens = new Tokens();
  const full = (): void => {
    if (tokens.count < BLOCK_TOKENS) return;
    blocks.push(...encodeBlock(tokens, false));
    tokens = new Tokens();
  };
  const sink = {
    literal(byte: number) {
      tokens.literal(byte);
      full();
    },
    match(length: number, distance: number) {
      tokens.match(length, distance);
      full();
    },
  };
  findMatches(bytes, sink, from);
  blocks.push(...encodeBlock(tokens, true));
  const content = bytes.subarray(from);
  return { packed: Buffer.concat(blocks), size: content.length, crc: crc32(content) };
}

/** Tokens of one block, and how often each symbol occurs. */
class Tokens {
  readonly main = new Uint32Array(MAIN_SYMBOLS);
  readonly distances = new Uint32Array(DISTANCE_SYMBOLS);
  readonly low = new Uint32Array(LOW_SYMBOLS);
  readonly #lengths = new Uint16Array(BLOCK_TOKENS);
  /** The byte where the length is 0. */
  readonly #values = new Uint32Array(BLOCK_TOKENS);
  count = 0;

  literal(byte: number): void {
    this.#add(0, byte);
    bump(this.main, byte);
  }

  match(length: number, distance: number): void {
    this.#add(length, distance);
    bump(this.main, lengthSymbol(length, distance).symbol);
    const { symbol, bits, extra } = distanceSymbol(distance);
    bump(this.distances, symbol);
    if (bits >= LOW_BITS) bump(this.low, extra & (LOW_SYMBOLS - 1));
  }

  /** Calls back for each: a byte where the length is 0, else the distance. */
  forEach(call: (length: number, value: number) => void): void {
    for (let index = 0; index < this.count; index++) {
      call(this.#lengths[index] ?? 0, this.#values[index] ?? 0);
    }
  }

  #add(length: number, value: number): void {
    this.#lengths[this.count] = length;
    this.#values[this.count] = value;
    this.count += 1;
  }
}

function bump(counts: Uint32Array, symbol: number): void {
  counts[symbol] = (counts[symbol] ?? 0) + 1;
}

/** A symbol, and bits behind it that say the rest. */
interface Symbol {
  readonly symbol: number;
  readonly bits: number;
  readonly extra: number;
}

function lengthSymbol(length: number, distance: number): Symbol {
  const value = length - 2 - FARTHER.filter((from) => distance > from).length;
  if (value < SMALL_LENGTH) return { symbol: FIRST_LENGTH + value, bits: 0, extra: 0 };
  const bits = 31 - Math.clz32(value) - 2;
  const symbol = FIRST_LENGTH + (bits + 1) * 4 + ((value >>> bits) & 3);
  return { symbol, bits, extra: value & ((1 << bits) - 1) };
}

function distanceSymbol(distance: number): Symbol {
  const value = distance - 1;
  if (value < SMALL_DISTANCE) return { symbol: value, bits: 0, extra: 0 };
  const bits = 31 - Math.clz32(value) - 1;
  return { symbol: (bits + 1) * 2 + ((value >>> bits) & 1), bits, extra: value & ((1 << bits) - 1) };
}

/** A block: flags, checksum, size, then the codes and the tokens in bits. */
function encodeBlock(tokens: Tokens, last: boolean): Uint8Array[] {
  const [main, distances, low] = [tokens.main, tokens.distances, tokens.low].map(prefixCode);
  if (main === undefined || distances === undefined || low === undefined) throw new Error("no codes");
  const bits = new BitWriter();
  writeTables(bits, [
    ...main.lengths,
    ...distances.lengths,
    ...low.lengths,
    ...Array(REPEAT_SYMBOLS).fill(0),
  ]);
  tokens.forEach((length, value) => {
    if (length === 0) put(bits, main, value);
    else {
      const { symbol, bits: count, extra } = lengthSymbol(length, value);
      put(bits, main, symbol);
      bits.write(extra, count);
      writeDistance(bits, { distances, low }, value);
    }
  });
  const { bytes, lastBits } = bits.finish();
  const size = [bytes.length & 0xff, (bytes.length >>> 8) & 0xff, bytes.length >>> 16];
  const flags = (lastBits - 1) | ((size.length - 1) << 3) | (last ? FLAG_LAST : 0) | FLAG_TABLES;
  const checksum = size.reduce((sum, byte) => sum ^ byte, CHECKSUM_SEED ^ flags);
  return [Uint8Array.of(flags, checksum, ...size), bytes];
}

function writeDistance(
  bits: BitWriter,
  { distances, low }: { readonly distances: PrefixCode; readonly low: PrefixCode },
  distance: number,
): void {
  const { symbol, bits: count, extra } = distanceSymbol(distance);
  put(bits, distances, symbol);
  if (count < LOW_BITS) {
    bits.write(extra, count);
  } else {
    bits.write(extra >>> LOW_BITS, count - LOW_BITS);
    put(bits, low, extra & (LOW_SYMBOLS - 1));
  }
}

function put(bits: BitWriter, { codes, lengths }: PrefixCode, symbol: number): void {
  bits.write(codes[symbol] ?? 0, lengths[symbol] ?? 0);
}

/** The lengths of all codes, which make the codes: themselves in a code, whose lengths come first. */
function writeTables(bits: BitWriter, lengths: readonly number[]): void {
  const runs = runsOf(lengths);
  const counts = new Uint32Array(LENGTH_SYMBOLS);
  for (const { symbol } of runs) bump(counts, symbol);
  const code = prefixCode(counts);
  for (const length of code.lengths) bits.write(length, LENGTH_BITS);
  for (const { symbol, bits: count, extra } of runs) {
    put(bits, code, symbol);
    bits.write(extra, count);
  }
}

/** Lengths as symbols: many zeros in a row are one. */
function runsOf(lengths: readonly number[]): Symbol[] {
  const runs: Symbol[] = [];
  for (let at = 0; at < lengths.length; ) {
    let zeros = 0;
    while (lengths[at + zeros] === 0) zeros += 1;
    const run = [MANY_ZEROS, ZEROS].find(({ from }) => zeros >= from);
    if (run === undefined) {
      runs.push({ symbol: lengths[at] ?? 0, bits: 0, extra: 0 });
      at += 1;
    } else {
      const taken = Math.min(zeros, run.from + (1 << run.bits) - 1);
      runs.push({ symbol: run.symbol, bits: run.bits, extra: taken - run.from });
      at += taken;
    }
  }
  return runs;
}
