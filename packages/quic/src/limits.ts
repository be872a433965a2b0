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
import type { EndpointLimits } from "./types.ts";

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
