/** Tags of DER (X.690): the types that the head of a certificate is made of. */
const SEQUENCE = 0x30;
const INTEGER = 0x02;
const VERSION = 0xa0;

/** What stands before the key in a certificate (RFC 5280, 4.1): serial number, algorithm, issuer, validity, subject. */
const BEFORE_THE_KEY = [INTEGER, SEQUENCE, SEQUENCE, SEQUENCE, SEQUENCE];

/** Bytes that a length may take; more would be a certificate of gigabytes. */
const MAX_LENGTH_BYTES = 4;

/**
 * The SubjectPublicKeyInfo of a certificate, the very bytes: a key that is read and written anew has its usual form, whatever form
 * the certificate has it in.
 *
 * @param certificate DER, of one whose signature and form somebody has checked
 * @throws where it is no certificate
 */
export function spkiOf(certificate: Uint8Array): Uint8Array {
  const inner = elementAt(elementAt(certificate, 0, SEQUENCE).content, 0, SEQUENCE).content;
  let at = inner[0] === VERSION ? elementAt(inner, 0, VERSION).end : 0;
  for (const tag of BEFORE_THE_KEY) at = elementAt(inner, at, tag).end;
  const { end } = elementAt(inner, at, SEQUENCE);
  return inner.subarray(at, end);
}

interface Element {
  readonly content: Uint8Array;
  /** Where the next element begins. */
  readonly end: number;
}

function elementAt(bytes: Uint8Array, at: number, tag: number): Element {
  if (bytes[at] !== tag) throw notDer();
  const first = bytes[at + 1] ?? 0xff;
  let begin = at + 2;
  let length = first;
  if (first >= 0x80) {
    const lengthBytes = first - 0x80;
    if (lengthBytes === 0 || lengthBytes > MAX_LENGTH_BYTES) throw notDer();
    length = 0;
    for (const byte of bytes.subarray(begin, begin + lengthBytes)) length = length * 256 + byte;
    begin += lengthBytes;
  }
  const end = begin + length;
  if (end > bytes.length) throw notDer();
  return { content: bytes.subarray(begin, end), end };
}

function notDer(): Error {
  return new Error("it is no certificate in DER");
}
