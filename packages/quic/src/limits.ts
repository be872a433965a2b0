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
 * At 100 Mbit/s `cubic` of the library (quiche 0.18) loses 6 % of its packets: it takes back every slowing down after which it lost less
 * than a fifth of a window. `bbr` cannot tell a round trip that gathers acknowledgements from a slow link, and wakes up three times as
 * often. docs/benchmarks.md has the figures.
 */
export const DEFAULT_CONGESTION: NonNullable<EndpointOptions["congestion"]> = "reno";
