import type { TlsOptions } from "@lanspread/quic";

/** What every child is told. */
export interface HostSettings {
  readonly tls: TlsOptions;
  readonly host: string;
  /** Server's port; 0 for the server itself. */
  readonly port: number;
  readonly datagramBytes: number;
  readonly congestion: "cubic" | "reno" | "bbr";
  /** `dgram`: forces the socket that works everywhere. */
  readonly socket: "fastest" | "dgram";
  /** What the client fetches, after a warm-up. */
  readonly bytes: number;
  readonly warmUpBytes: number;
}

/** What the child that asks again and again is told. */
export interface AskerSettings extends HostSettings {
  readonly requests: number;
}

/** The only line of that child. */
export interface RoundTrips {
  readonly medianMs: number;
}

/** First line of a server. */
export interface Ready {
  readonly port: number;
}

/** Last line of both: one end of the measured transfer. */
export interface Half {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly bytes: number;
  readonly details: Readonly<Record<string, string | number>>;
}

const REQUEST_BYTES = 8;

/** A request for so many bytes. */
export function encodeRequest(bytes: number): Uint8Array {
  const request = new Uint8Array(REQUEST_BYTES);
  new DataView(request.buffer).setBigUint64(0, BigInt(bytes));
  return request;
}

/** The number in a request. Throws when it is not a whole one. */
export function decodeRequest(request: Uint8Array): number {
  if (request.length !== REQUEST_BYTES) throw new RangeError("a request has 8 bytes");
  return Number(new DataView(request.buffer, request.byteOffset, REQUEST_BYTES).getBigUint64(0));
}
