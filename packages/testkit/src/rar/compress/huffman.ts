/** Codes are shorter than the longest that the format knows: what stands for that one has a meaning of its own. */
const MAX_CODE_BITS = 14;

/** A canonical prefix code: of each symbol the bits and how many they are, 0 where it does not occur. */
export interface PrefixCode {
  readonly lengths: Uint8Array;
  readonly codes: Uint16Array;
}

/** The code with which symbols that occur so often take the fewest bits. */
export function prefixCode(counts: Uint32Array): PrefixCode {
  let weights = counts;
  let lengths = codeLengths(weights);
  while (lengths.some((length) => length > MAX_CODE_BITS)) {
    // Flatter counts have shorter codes.
    weights = weights.map((weight) => (weight === 0 ? 0 : (weight >>> 2) + 1));
    lengths = codeLengths(weights);
  }
  return { lengths, codes: canonicalCodes(lengths) };
}

/** Huffman's algorithm, on a list that is kept sorted: there are a few hundred symbols at most. */
function codeLengths(weights: Uint32Array): Uint8Array {
  const lengths = new Uint8Array(weights.length);
  let nodes = [...weights]
    .map((weight, symbol) => ({ weight, symbols: [symbol] }))
    .filter(({ weight }) => weight > 0);
  if (nodes.length === 1) {
    // Not every program takes a code that leaves bits without a meaning: another symbol has the other one.
    const symbol = nodes[0]?.symbols[0] ?? 0;
    lengths[symbol] = 1;
    lengths[symbol === 0 ? 1 : 0] = 1;
  }
  while (nodes.length > 1) {
    nodes = nodes.toSorted((a, b) => a.weight - b.weight);
    const [first, second, ...others] = nodes;
    if (first === undefined || second === undefined) break;
    const symbols = [...first.symbols, ...second.symbols];
    for (const symbol of symbols) lengths[symbol] = (lengths[symbol] ?? 0) + 1;
    nodes = [...others, { weight: first.weight + second.weight, symbols }];
  }
  return lengths;
}

/** Shorter codes first, and among those of one length the lower symbol. */
function canonicalCodes(lengths: Uint8Array): Uint16Array {
  const codes = new Uint16Array(lengths.length);
  let next = 0;
  for (let bits = 1; bits <= MAX_CODE_BITS; bits++) {
    for (const [symbol, length] of lengths.entries()) {
      if (length !== bits) continue;
      codes[symbol] = next;
      next += 1;
    }
    next <<= 1;
  }
  return codes;
}
