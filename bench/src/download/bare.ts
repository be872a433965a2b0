import type { TlsOptions } from "@lanspread/quic";
import { ETHERNET_DATAGRAM_BYTES, LOOPBACK_DATAGRAM_BYTES } from "../quic/constants.ts";
import { type LinkEnds, measure } from "../quic/measure.ts";
import { type Series, series } from "./transfer.ts";

export interface BareOptions {
  readonly tls: TlsOptions;
  readonly bytes: number;
  /** Null: 127.0.0.1. */
  readonly link: LinkEnds | null;
  readonly signal: AbortSignal;
}

/**
 * The transport alone: one stream from one process to another, out of memory into nothing, with datagrams as large as lanes send
 * them over that link.
 */
export function bareTransport({ tls, bytes, link, signal }: BareOptions): Series {
  const datagramBytes = link === null ? LOOPBACK_DATAGRAM_BYTES : ETHERNET_DATAGRAM_BYTES;
  return series("the bare transport", async () => {
    const over = { candidate: "ours", tls, bytes, datagramBytes, signal } as const;
    const measured = await measure(link === null ? over : { ...over, link });
    const { mbPerS, serverCpuPerGib, clientCpuPerGib } = measured;
    return { mbPerS, steadyMbPerS: mbPerS, sourceCpu: serverCpuPerGib, receiverCpu: clientCpuPerGib };
  });
}
