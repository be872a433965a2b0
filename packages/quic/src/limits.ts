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
 * Under 5 % loss `cubic` carries bulk several times as fast as `bbr` of the library (quiche 0.18), and on a slow link it wakes up a third as
 * often. For `cubic` and `reno` the library stamps all packets within ten packets' share of the round trip with the time of the first one.
 * With a congestion window below eight packets, as many losses in a row leave it, the round trips that are measured grow by themselves,
 * and small exchanges become slow. Its pacing would mend that and do worse: packets that nobody holds back get stamps that run ahead
 * of the clock, and with them the time-outs.
 */
export const DEFAULT_CONGESTION: NonNullable<EndpointOptions["congestion"]> = "cubic";
