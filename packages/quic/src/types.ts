import type { CloseInfo } from "./errors.ts";

/** An IP address (no name) and a UDP port. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** Takes messages that matter to who runs an endpoint. Silent by default. */
export interface QuicLogger {
  debug(message: string, fields?: Record<string, unknown>): void;
  warn(message: string, fields?: Record<string, unknown>): void;
}

/**
 * A bound UDP socket, or something that behaves like one. The first three members are all that is needed; the others make it fast.
 */
export interface DatagramSocket {
  readonly address: Address;
  /** Sends one datagram. The bytes are copied (or with the kernel) before it returns; whether they arrive is never known. */
  send(bytes: Uint8Array, host: string, port: number): void;
  /** Sets the only handler of incoming datagrams. The bytes are good until it returns; it may change them. */
  onMessage(handler: (bytes: Uint8Array, from: Address) => void): void;
  /** Stops sending and receiving, and frees the port. */
  close(): Promise<void>;
  /**
   * Sends `bytes` as datagrams of `segmentBytes` each, the last one shorter or equal.
   * They are taken in any case. Returns false when the socket wants no more of them before `onDrain`.
   */
  sendSegments?(bytes: Uint8Array, segmentBytes: number, to: Address): boolean;
  /** Sets the handler that hears when a full socket takes datagrams again. */
  onDrain?(handler: () => void): void;
  /** Largest datagram in bytes that goes to `host` without being fragmented. */
  datagramBytesTo?(host: string): number;
  /** Sets the handler that hears, once, that the socket can no longer receive or send. A single datagram that was lost is no reason. */
  onFailure?(handler: (error: unknown) => void): void;
  /** Buffer sizes in bytes that the system granted, for reports. */
  readonly buffers?: { readonly receive: number; readonly send: number };
}

/** A datagram as it came, and from where. */
export interface ReceivedDatagram {
  readonly bytes: Uint8Array;
  readonly from: Address;
}

/** Binds a socket. Rejects with the system's error (`EADDRINUSE` …). */
export type DatagramSocketFactory = (options: Address) => Promise<DatagramSocket> | DatagramSocket;

/** A certificate chain (leaf first), its key, and the CA that the other side's certificate must come from. All PEM. */
export interface TlsOptions {
  readonly key: string;
  readonly cert: string;
  readonly ca: string;
}

/** What an endpoint grants others. Every one has a default in `core/constants.ts`. */
export interface EndpointLimits {
  readonly maxStreamsPerConnection: number;
  readonly maxConnectionsPerAddress: number;
  readonly maxInboundConnections: number;
  /** Unread bytes that a stream opened here may hold. */
  readonly streamWindowBytes: number;
  /** Unread bytes that a stream opened by the other side may hold before anything of it is read; at most `streamWindowBytes`. */
  readonly peerStreamWindowBytes: number;
  readonly idleTimeoutMs: number;
  readonly keepAliveMs: number;
  readonly handshakeTimeoutMs: number;
}

export interface EndpointOptions {
  /** IP address to bind to; `0.0.0.0` for all of IPv4. */
  readonly host: string;
  /** UDP port; 0 takes a free one. */
  readonly port: number;
  readonly tls: TlsOptions;
  /** Application protocol (RFC 7301). A peer with another one is refused with CRYPTO_ERROR.noApplicationProtocol. */
  readonly alpn: string;
  /** Where datagrams go. Default: real UDP, by system calls on Linux where that is possible, else `node:dgram`. */
  readonly socket?: DatagramSocketFactory;
  readonly limits?: Partial<EndpointLimits>;
  /** Congestion control. Default: `cubic` (`DEFAULT_CONGESTION` says why). */
  readonly congestion?: "cubic" | "reno" | "bbr";
  /** Upper bound of outgoing datagrams, 1,200 to 16,383 bytes. Default: what the interface carries. */
  readonly maxDatagramBytes?: number;
  /** When a newcomer has to prove its address before anything is allocated for it. Default `under-load`. */
  readonly retry?: "always" | "never" | "under-load";
  readonly logger?: QuicLogger;
  /** What another socket received on this port before this endpoint had it: dealt with first. */
  readonly received?: readonly ReceivedDatagram[];
}

export interface DialOptions {
  readonly signal?: AbortSignal;
  /** Default: the endpoint's handshake timeout. */
  readonly timeoutMs?: number;
}

/** Counters since the endpoint's start. */
export interface EndpointStats {
  readonly connections: number;
  readonly halfOpen: number;
  readonly datagramsReceived: number;
  readonly datagramsSent: number;
  /** Received and ignored: garbage, unknown ids, too small, over a limit. */
  readonly datagramsDropped: number;
  readonly retriesSent: number;
  readonly versionNegotiationsSent: number;
  readonly refused: number;
  readonly rounds: number;
  /** How datagrams reach the network: for reports. */
  readonly socket: {
    readonly kind: string;
    readonly receiveBufferBytes: number;
    readonly sendBufferBytes: number;
  };
}

export interface Endpoint {
  readonly address: Address;
  /**
   * Connects. Resolves when both sides have verified each other's certificate: a server that refuses ours rejects it.
   *
   * @throws HandshakeError, or the signal's reason.
   */
  dial(remote: Address, options?: DialOptions): Promise<Connection>;
  /** Sets the handler of inbound connections; each has a verified certificate. Without one they are closed. */
  onConnection(handler: (connection: Connection) => void): void;
  /** Other credentials for connections to come; those that are up keep theirs. Throws QuicError where they cannot be used. */
  updateTls(tls: TlsOptions): void;
  stats(): EndpointStats;
  /**
   * Resolves with a QuicError when the endpoint cannot go on, because its socket or the native library failed in a way that none of
   * its connections is the cause of. Everything is over by then: the connections have ended with QUIC's code 1 (internal error) and the
   * reason, dials reject, the socket is closed. Never resolves in a healthy endpoint, also not when that is closed; never rejects.
   */
  readonly failed: Promise<Error>;
  /** Closes all connections (code 0), waits until the other sides could have heard it, frees the port. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface ConnectionStats {
  /** Smoothed round trip in whole ms, rounded down; 0 before it is known. */
  readonly rttMs: number;
  readonly bytesSent: number;
  readonly bytesReceived: number;
  readonly packetsSent: number;
  readonly packetsReceived: number;
  readonly packetsLost: number;
  readonly congestionWindowBytes: number;
  readonly datagramBytes: number;
  readonly openStreams: number;
}

export interface Connection {
  /** Random, unique within the process; for logs. */
  readonly id: string;
  readonly remote: Address;
  /** True on the side that dialled. */
  readonly initiator: boolean;
  /** The other side's leaf certificate, DER. */
  readonly peerCertificate: Uint8Array;
  /** Opens a bidirectional stream; waits while the other side's stream limit is reached. The other side learns of it with the first bytes. */
  openStream(options?: { readonly signal?: AbortSignal }): Promise<Stream>;
  /** Sets the handler of streams that the other side opens. Those that came before are delivered at once; without a handler they wait unread. */
  onStream(handler: (stream: Stream) => void): void;
  /** Resolves when the connection is over, however it ended. Never rejects. */
  readonly closed: Promise<CloseInfo>;
  /** Ends it at once: unsent bytes are dropped, everything waiting rejects. Code and reason reach the other side. */
  close(code?: number, reason?: string): void;
  stats(): ConnectionStats;
}

/** A bidirectional stream: two independent directions. Application error codes are integers from 0 to 2^53 - 1. */
export interface Stream {
  readonly id: number;
  /**
   * Reads what is there, waiting for at least one byte. One reader at a time.
   *
   * @returns bytes read into the head of `into`, or 0 when the sender has finished.
   * @throws StreamResetError, StreamStoppedError (after the own `stop`), ConnectionClosedError, or the signal's reason.
   */
  read(into: Uint8Array, options?: { readonly signal?: AbortSignal }): Promise<number>;
  /**
   * Writes all bytes. Resolves when the transport has taken them, which waits for the congestion and the reader's window: that is
   * the back-pressure. The bytes must not change until then. Aborted in between, an unknown part is taken: reset the stream then,
   * which has no end any more if `finish` had been called.
   *
   * @throws StreamStoppedError, StreamResetError (after the own `reset`), ConnectionClosedError, or the signal's reason.
   */
  write(bytes: Uint8Array, options?: { readonly signal?: AbortSignal }): Promise<void>;
  /** No more bytes will be written. Those handed to `write` still go out. */
  finish(): void;
  /**
   * Gives up sending: what was not delivered is dropped, the reader gets the code. Does nothing once `finish` was called and all bytes
   * were taken: the reader may have the end already.
   */
  reset(code: number): void;
  /** Gives up reading: the sender gets the code. */
  stop(code: number): void;
}
