import {
  HANDSHAKE_TIMEOUT_MS,
  IDLE_TIMEOUT_MS,
  KEEP_ALIVE_MS,
  MAX_CONNECTIONS_PER_ADDRESS,
  MAX_INBOUND_CONNECTIONS,
  MAX_STREAMS_PER_CONNECTION,
  PEER_STREAM_WINDOW_BYTES,
  STREAM_WINDOW_BYTES,
} from "./core/constants.ts";
import type { EndpointLimits, EndpointOptions } from "./types.ts";

/** What an endpoint grants others unless told otherwise. */
export const DEFAULT_LIMITS: EndpointLimits = {
  maxStreamsPerConnection: MAX_STREAMS_PER_CONNECTION,
  maxConnectionsPerAddress: MAX_CONNECTIONS_PER_ADDRESS,
  maxInboundConnections: MAX_INBOUND_CONNECTIONS,
  streamWindowBytes: STREAM_WINDOW_BYTES,
  peerStreamWindowBytes: PEER_STREAM_WINDOW_BYTES,
  idleTimeoutMs: IDLE_TIMEOUT_MS,
  keepAliveMs: KEEP_ALIVE_MS,
  handshakeTimeoutMs: HANDSHAKE_TIMEOUT_MS,
};

/**
 * On a LAN that loses little, `cubic` carries 4 to 8 % more than `bbr` of the library (quiche 0.18), and on a slow link it wakes up a third as
 * often; where 5 % is lost, `bbr` is faster (docs/benchmarks.md). The round trips of `cubic` need help (`BurstPacing`). The library's own
 * pacing would be none: packets that nobody holds back get stamps that run ahead of the clock, and with them the time-outs.
 */
export const DEFAULT_CONGESTION: NonNullable<EndpointOptions["congestion"]> = "cubic";
