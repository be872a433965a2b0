/**
 * QUIC (RFC 9000) over the native library quiche: endpoints, connections, bidirectional streams. Knows nothing of games.
 *
 * Call order:
 *
 * ```ts
 * await using endpoint = await createEndpoint({ host: "0.0.0.0", port: 0, tls, alpn: "example/1" });
 * endpoint.onConnection((connection) => {            // who dials us
 *   connection.onStream(async (stream) => { ... });  // one stream per request
 * });
 * const connection = await endpoint.dial(address);   // both certificates are verified now
 * const stream = await connection.openStream();
 * await stream.write(request);                       // resolves when taken: back-pressure
 * stream.finish();
 * for (let n; (n = await stream.read(buffer)) > 0; ) use(buffer.subarray(0, n));
 * connection.close();
 * await endpoint.close();
 * ```
 *
 * `core/` decides (no socket, no clock, no timer: bytes and times go in, bytes and deadlines come out), `io/` does.
 *
 * @module
 */
export { createEndpoint, prepareQuic } from "./create-endpoint.ts";
export {
  type CloseInfo,
  CONNECTION_REFUSED,
  ConnectionClosedError,
  CRYPTO_ERROR,
  HandshakeError,
  QuicError,
  QuicUnavailableError,
  StreamResetError,
  StreamStateError,
  StreamStoppedError,
} from "./errors.ts";
export { createDgramSocket } from "./io/dgram-socket.ts";
export { DEFAULT_CONGESTION, DEFAULT_LIMITS } from "./limits.ts";
export type {
  Address,
  Connection,
  ConnectionStats,
  DatagramSocket,
  DatagramSocketFactory,
  DialOptions,
  Endpoint,
  EndpointLimits,
  EndpointOptions,
  EndpointStats,
  QuicLogger,
  ReceivedDatagram,
  Stream,
  TlsOptions,
} from "./types.ts";
