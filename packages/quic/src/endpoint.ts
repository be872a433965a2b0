import { createHmac, randomBytes } from "node:crypto";
import { endpointFailed } from "./core/close-info.ts";
import type { ConnectionCore } from "./core/connection.ts";
import { MAX_DATAGRAM_BYTES, MIN_INITIAL_DATAGRAM_BYTES } from "./core/constants.ts";
import { EndpointCore } from "./core/endpoint.ts";
import { handshakeError } from "./core/handshake-error.ts";
import type { NativeLibrary } from "./core/native-types.ts";
import { checkCredentials } from "./credentials.ts";
import { type CloseInfo, CONNECTION_REFUSED, QuicError } from "./errors.ts";
import { Scheduler } from "./io/scheduler.ts";
import { Transmitter } from "./io/transmitter.ts";
import { DEFAULT_CONGESTION } from "./limits.ts";
import type {
  Address,
  Connection,
  DatagramSocket,
  DialOptions,
  Endpoint,
  EndpointLimits,
  EndpointOptions,
  EndpointStats,
  QuicLogger,
  TlsOptions,
} from "./types.ts";

export interface UdpEndpointOptions extends Omit<EndpointOptions, "limits" | "socket"> {
  readonly library: NativeLibrary;
  readonly socket: DatagramSocket;
  readonly socketKind: string;
  readonly limits: EndpointLimits;
}

/** How long an endpoint stays after its connections were closed, so that a peer that missed it can be told again, in ms. */
const DRAIN_MS = 20;

/** Bytes of the key that Retry tokens are signed with: SHA-256's block is filled, and nobody can guess it. */
const TOKEN_KEY_BYTES = 32;

interface Dialling {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/**
 * An endpoint on a bound socket: brings datagrams to the core and its packets to the socket, at the moments that the scheduler chooses.
 */
export class UdpEndpoint implements Endpoint {
  readonly address: Address;
  readonly failed: Promise<Error>;
  readonly #socket: DatagramSocket;
  readonly #socketKind: string;
  readonly #limits: EndpointLimits;
  readonly #logger: QuicLogger | undefined;
  readonly #core: EndpointCore;
  readonly #scheduler: Scheduler;
  readonly #transmitter: Transmitter;
  readonly #dialling = new Map<ConnectionCore, Dialling>();
  #onConnection: ((connection: Connection) => void) | undefined;
  #received = 0;
  #closed = false;
  #failure: QuicError | undefined;
  #resolveFailed: (error: Error) => void = () => undefined;
  #closing: Promise<void> | undefined;

  /** @throws Error when the credentials cannot be used. The socket is the caller's until this returns. */
  constructor(options: UdpEndpointOptions) {
    const { socket } = options;
    this.address = socket.address;
    this.failed = new Promise((resolve) => {
      this.#resolveFailed = resolve;
    });
    this.#socket = socket;
    this.#socketKind = options.socketKind;
    this.#limits = options.limits;
    this.#logger = options.logger;
    const key = randomBytes(TOKEN_KEY_BYTES);
    const largest = Math.min(options.maxDatagramBytes ?? MAX_DATAGRAM_BYTES, MAX_DATAGRAM_BYTES);
    const carried = socket.datagramBytesTo ?? (() => MIN_INITIAL_DATAGRAM_BYTES);
    this.#core = new EndpointCore({
      library: options.library,
      tls: options.tls,
      alpn: options.alpn,
      limits: options.limits,
      congestion: options.congestion ?? DEFAULT_CONGESTION,
      retry: options.retry ?? "under-load",
      local: socket.address,
      random: (length) => randomBytes(length),
      mac: (parts) => createHmac("sha256", key).update(parts).digest(),
      datagramBytesTo: (host) => Math.max(MIN_INITIAL_DATAGRAM_BYTES, Math.min(largest, carried(host))),
      send: (bytes, to) => this.#safely(() => this.#transmitter.send(bytes, to)),
      wake: (connection) => this.#scheduler.wake(connection),
      established: (connection) => this.#established(connection),
      ended: (connection) => this.#ended(connection),
      handlerFailed: (error) => this.#handlerFailed(error),
    });
    this.#transmitter = new Transmitter(socket, () => this.#safely(() => this.#scheduler.drained()));
    this.#scheduler = new Scheduler({
      transmit: (connection) => this.#transmitter.transmit(connection),
      connections: this.#core.connections,
      failed: (error) => this.#fail(error),
    });
    const now = () => this.#scheduler.now();
    socket.onFailure?.((error) => this.#fail(error));
    const receive = (bytes: Uint8Array, from: Address): void => {
      this.#received++;
      try {
        const connection = this.#core.receive(bytes, from, now);
        if (connection !== null) this.#scheduler.received(connection, bytes.length);
      } catch (error) {
        this.#fail(error);
      }
    };
    socket.onMessage(receive);
    for (const { bytes, from } of options.received ?? []) receive(bytes, from);
  }

  async dial(remote: Address, options: DialOptions = {}): Promise<Connection> {
    const { signal, timeoutMs = this.#limits.handshakeTimeoutMs } = options;
    signal?.throwIfAborted();
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#closed) throw new QuicError("the endpoint is closed");
    const to: Address = { host: remote.host, port: remote.port };
    const connection = this.#core.dial(to, timeoutMs, this.#scheduler.now());
    const abort = () => {
      this.#dialling.get(connection)?.reject(signal?.reason);
      connection.close();
    };
    signal?.addEventListener("abort", abort, { once: true });
    try {
      await new Promise<void>((resolve, reject) => this.#dialling.set(connection, { resolve, reject }));
      return connection;
    } finally {
      this.#dialling.delete(connection);
      signal?.removeEventListener("abort", abort);
    }
  }

  onConnection(handler: (connection: Connection) => void): void {
    this.#onConnection = handler;
  }

  updateTls(tls: TlsOptions): void {
    checkCredentials(tls);
    this.#core.updateTls(tls);
  }

  stats(): EndpointStats {
    const { dropped, retries, versionNegotiations, refused } = this.#core.counters;
    return {
      connections: this.#core.connections.size,
      halfOpen: this.#core.halfOpen,
      datagramsReceived: this.#received,
      datagramsSent: this.#transmitter.sent,
      datagramsDropped: dropped,
      retriesSent: retries,
      versionNegotiationsSent: versionNegotiations,
      refused,
      rounds: this.#scheduler.rounds,
      socket: {
        kind: this.#socketKind,
        receiveBufferBytes: this.#socket.buffers?.receive ?? 0,
        sendBufferBytes: this.#socket.buffers?.send ?? 0,
      },
    };
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    this.#closed = true;
    this.#core.stopAccepting();
    const hadConnections = this.#core.connections.size > 0;
    for (const connection of [...this.#core.connections]) connection.close();
    if (hadConnections) await new Promise((resolve) => setTimeout(resolve, DRAIN_MS));
    this.#scheduler.stop();
    await this.#socket.close();
  }

  #safely(step: () => void): void {
    try {
      step();
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Ends everything at once. Whatever has failed is not asked again. */
  #fail(cause: unknown): void {
    if (this.#failure !== undefined) return;
    const message = cause instanceof Error ? cause.message : String(cause);
    const failure = new QuicError(`the endpoint failed: ${message}`, { cause });
    this.#failure = failure;
    this.#logger?.warn("the endpoint failed", { error: cause });
    this.#closed = true;
    this.#core.stopAccepting();
    this.#scheduler.stop();
    for (const connection of [...this.#core.connections]) connection.abandon(endpointFailed(message));
    this.#closing ??= this.#closeSocket();
    const resolve = () => this.#resolveFailed(failure);
    void this.#closing.then(resolve, resolve);
  }

  async #closeSocket(): Promise<void> {
    try {
      await this.#socket.close();
    } catch (error) {
      this.#logger?.warn("the socket of a failed endpoint cannot be closed", { error });
    }
  }

  #established(connection: ConnectionCore): void {
    if (connection.initiator) {
      this.#dialling.get(connection)?.resolve();
      return;
    }
    if (this.#onConnection === undefined) {
      connection.refuse(CONNECTION_REFUSED);
      return;
    }
    try {
      this.#onConnection(connection);
    } catch (error) {
      this.#handlerFailed(error);
      connection.close();
    }
  }

  #ended(connection: ConnectionCore): void {
    let lastWords: Uint8Array | null = null;
    if (this.#failure === undefined) {
      this.#safely(() => {
        lastWords = this.#transmitter.sendLastWords(connection);
      });
    }
    this.#core.forget(connection, lastWords, this.#scheduler.now());
    this.#scheduler.forget(connection);
    const info = connection.closeInfo;
    if (info === undefined) return;
    this.#dialling.get(connection)?.reject(this.#whyNoConnection(connection.remote, info));
  }

  #whyNoConnection(remote: Address, info: CloseInfo): Error {
    if (this.#failure !== undefined) return this.#failure;
    return this.#closed && !info.byPeer
      ? new QuicError("the endpoint is closed")
      : handshakeError(remote, info);
  }

  #handlerFailed(error: unknown): void {
    this.#logger?.warn("a connection or stream handler threw", { error });
  }
}
