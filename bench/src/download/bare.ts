import type { TlsOptions } from "@lanspread/quic";
import { type LinkEnds, measure } from "../quic/measure.ts";
import { type Series, series } from "./transfer.ts";

export interface BareOptions {
  readonly tls: TlsOptions;
  readonly bytes: number;
  /** Null: 127.0.0.1. */
  readonly link: LinkEnds | null;
  readonly datagramBytes: number;
  readonly signal: AbortSignal;
}

/**
 * The transport alone: one stream from one process to another, out of memory into nothing.
 */
export function bareTransport({ tls, bytes, link, datagramBytes, signal }: BareOptions): Series {
  return series(`the bare transport, ${datagramBytes} bytes`, async () => {
    const over = { candidate: "ours", tls, bytes, datagramBytes, signal } as const;
    const measured = await measure(link === null ? over : { ...over, link });
    const { mbPerS, serverCpuPerGib, clientCpuPerGib } = measured;
    return { mbPerS, steadyMbPerS: mbPerS, sourceCpu: serverCpuPerGib, receiverCpu: clientCpuPerGib };
  });
}
