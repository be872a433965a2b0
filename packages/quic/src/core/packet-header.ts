import { CONNECTION_ID_BYTES, MAX_CONNECTION_ID_BYTES } from "./constants.ts";

/** What the version-independent head of a packet says (RFC 8999), and an Initial's token. Views into the datagram, good as long as it. */
export type PacketHeader =
  | { readonly form: "short"; readonly destinationId: Uint8Array }
  | {
      readonly form: "long";
      readonly version: number;
      readonly initial: boolean;
      readonly destinationId: Uint8Array;
      readonly sourceId: Uint8Array;
      /** Empty where there is none. */
      readonly token: Uint8Array;
    };

const LONG_FORM = 0x80;
const LONG_TYPE_MASK = 0x30;
/** First byte, version, length of the destination id. */
const LONG_FIXED_BYTES = 6;
const NOTHING = new Uint8Array(0);

/** QUIC version 1 (RFC 9000). */
export const QUIC_VERSION_1 = 1;

/** True for a short header, which all packets of a running transfer have. */
export function isShortHeader(datagram: Uint8Array): boolean {
  return ((datagram[0] ?? 0) & LONG_FORM) === 0;
}

/** Parses the head of a datagram. Never throws: what is no QUIC packet is null. */
export function parsePacketHeader(datagram: Uint8Array): PacketHeader | null {
  if (isShortHeader(datagram)) {
    if (datagram.length <= CONNECTION_ID_BYTES) return null;
    return { form: "short", destinationId: datagram.subarray(1, 1 + CONNECTION_ID_BYTES) };
  }
  if (datagram.length <= LONG_FIXED_BYTES) return null;
  const version = readUint32(datagram, 1);
  const destinationLength = datagram[5] ?? 0;
  const sourceLengthAt = LONG_FIXED_BYTES + destinationLength;
  const sourceLength = datagram[sourceLengthAt];
  if (sourceLength === undefined) return null;
  const end = sourceLengthAt + 1 + sourceLength;
  if (end > datagram.length) return null;
  // Other versions may have longer ids; version 1 must not (RFC 9000, 17.2).
  const oversized = destinationLength > MAX_CONNECTION_ID_BYTES || sourceLength > MAX_CONNECTION_ID_BYTES;
  if (version === QUIC_VERSION_1 && oversized) return null;
  const initial = version === QUIC_VERSION_1 && ((datagram[0] ?? 0) & LONG_TYPE_MASK) === 0;
  const token = initial ? readToken(datagram, end) : NOTHING;
  if (token === null) return null;
  return {
    form: "long",
    version,
    initial,
    destinationId: datagram.subarray(LONG_FIXED_BYTES, sourceLengthAt),
    sourceId: datagram.subarray(sourceLengthAt + 1, end),
    token,
  };
}

/**
 * The answer to a version that is not spoken here (RFC 8999, 6): the ids of the other side turned round, then the versions that are.
 *
 * @param firstByte random; its form bit is set here.
 */
export function versionNegotiation(to: PacketHeader & { form: "long" }, firstByte: number): Uint8Array {
  const { destinationId, sourceId } = to;
  const packet = new Uint8Array(LONG_FIXED_BYTES + sourceId.length + 1 + destinationId.length + 4);
  packet[0] = LONG_FORM | firstByte;
  packet[5] = sourceId.length;
  packet.set(sourceId, LONG_FIXED_BYTES);
  packet[LONG_FIXED_BYTES + sourceId.length] = destinationId.length;
  packet.set(destinationId, LONG_FIXED_BYTES + sourceId.length + 1);
  packet[packet.length - 1] = QUIC_VERSION_1;
  return packet;
}

function readToken(datagram: Uint8Array, at: number): Uint8Array | null {
  const first = datagram[at];
  if (first === undefined) return null;
  const lengthBytes = 1 << (first >> 6);
  if (at + lengthBytes > datagram.length) return null;
  let length = first & 0x3f;
  for (let i = 1; i < lengthBytes; i++) length = length * 256 + (datagram[at + i] ?? 0);
  const start = at + lengthBytes;
  return start + length > datagram.length ? null : datagram.subarray(start, start + length);
}

function readUint32(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at] ?? 0) * 0x1000000 +
      ((bytes[at + 1] ?? 0) << 16) +
      ((bytes[at + 2] ?? 0) << 8) +
      (bytes[at + 3] ?? 0)) >>>
    0
  );
}
