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
 * For `cubic` and `reno` the library (quiche 0.18) takes the time of a burst's first packet for that of all that follow within ten
 * packets' share of the round trip, also where it does not pace. With a congestion window below eight packets, as a few losses leave it,
 * that is longer than the round trip; every measured one makes the next longer, soon it is seconds, and the connection stands still
 * between time-outs. `bbr` says itself how fast it sends, and no round trip goes into that.
 */
export const DEFAULT_CONGESTION: NonNullable<EndpointOptions["congestion"]> = "bbr";
