import { MAX_TXT_BYTES, MAX_TXT_STRING_BYTES } from "../constants.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** The strings of a TXT record (RFC 6763 section 6). Throws RangeError for keys or sizes that cannot be sent. */
export function encodeTxt(txt: Readonly<Record<string, string>>): Uint8Array[] {
  const strings: Uint8Array[] = [];
  let total = 0;
  for (const [key, value] of Object.entries(txt)) {
    if (!/^[\x20-\x3c\x3e-\x7e]+$/.test(key)) {
      throw new RangeError(`TXT key ${JSON.stringify(key)} is no printable ASCII without "="`);
    }
    const bytes = encoder.encode(`${key}=${value}`);
    if (bytes.length > MAX_TXT_STRING_BYTES) {
      throw new RangeError(`TXT pair ${key} has ${bytes.length} bytes, over ${MAX_TXT_STRING_BYTES}`);
    }
    total += bytes.length + 1;
    strings.push(bytes);
  }
  if (total > MAX_TXT_BYTES) throw new RangeError(`TXT record has ${total} bytes, over ${MAX_TXT_BYTES}`);
  // An empty record is one empty string: no data at all is not allowed (RFC 6763 section 6.1).
  return strings.length === 0 ? [new Uint8Array(0)] : strings;
}

/**
 * The pairs of a TXT record. Keys keep their spelling; of several that differ at most in case the first
 * counts; a key without `=` has the value ""; a string without a key is skipped (RFC 6763 section 6.4). Bytes
 * that are no UTF-8 become U+FFFD.
 */
export function decodeTxt(strings: readonly Uint8Array[]): Record<string, string> {
  const pairs = new Map<string, [string, string]>();
  for (const bytes of strings) {
    const text = decoder.decode(bytes);
    const equals = text.indexOf("=");
    const key = equals < 0 ? text : text.slice(0, equals);
    if (key === "" || pairs.has(key.toLowerCase())) continue;
    pairs.set(key.toLowerCase(), [key, equals < 0 ? "" : text.slice(equals + 1)]);
  }
  // fromEntries defines own properties: a key such as __proto__ stays data.
  return Object.fromEntries(pairs.values());
}
