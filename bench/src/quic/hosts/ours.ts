import { createDgramSocket, createEndpoint, type Endpoint } from "@lanspread/quic";
import { BENCH_ALPN } from "../constants.ts";
import type { HostSettings } from "../messages.ts";

/** An endpoint of ours that dials: with the datagrams, the congestion control and the socket that are measured. */
export function createDialler({ tls, datagramBytes, congestion, socket }: HostSettings): Promise<Endpoint> {
  return createEndpoint({
    host: "0.0.0.0",
    port: 0,
    tls,
    alpn: BENCH_ALPN,
    congestion,
    maxDatagramBytes: datagramBytes,
    ...(socket === "dgram" ? { socket: createDgramSocket } : {}),
  });
}
