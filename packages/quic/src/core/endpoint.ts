import { CONNECTION_REFUSED } from "../errors.ts";
import type { Address, EndpointLimits, TlsOptions } from "../types.ts";
import { Admission } from "./admission.ts";
import { ClosedConnections } from "./closed-connections.ts";
import { ConnectionCore, type ConnectionOwner, withoutScope } from "./connection.ts";
import {
  CONNECTION_ID_BYTES,
  MIN_INITIAL_DATAGRAM_BYTES,
  MIN_INITIAL_DESTINATION_ID_BYTES,
} from "./constants.ts";
import { ConfigBook, type ConfigOptions } from "./native-config.ts";
import type { NativeLibrary } from "./native-types.ts";
import {
  isShortHeader,
  type PacketHeader,
  parsePacketHeader,
  QUIC_VERSION_1,
  versionNegotiation,
} from "./packet-header.ts";
import { mintRetryToken, openRetryToken, type TokenMac } from "./retry-token.ts";

/** What an endpoint's core needs from outside. */
export interface EndpointCoreOptions extends Omit<ConfigOptions, "limits"> {
  readonly library: NativeLibrary;
  readonly local: Address;
  readonly limits: EndpointLimits;
  readonly retry: "always" | "never" | "under-load";
  /** Fresh random bytes. */
  readonly random: (length: number) => Uint8Array;
  readonly mac: TokenMac;
  /** Largest datagram in bytes for a host. */
  readonly datagramBytesTo: (host: string) => number;
  /** Sends one datagram at once. */
  readonly send: (bytes: Uint8Array, to: Address) => void;
  /** Packets of the connection may be due. */
  readonly wake: (connection: ConnectionCore) => void;
  /** A connection is up, dialled or inbound. */
  readonly established: (connection: ConnectionCore) => void;
  /** A connection is over: send its last words, and call `forget`. */
  readonly ended: (connection: ConnectionCore) => void;
  readonly handlerFailed: (error: unknown) => void;
}

export interface CoreCounters {
  dropped: number;
  retries: number;
  versionNegotiations: number;
  refused: number;
}

type LongHeader = PacketHeader & { readonly form: "long" };

/**
 * Everything an endpoint decides about datagrams: whose they are, who may come in, what garbage deserves. No socket, no timer, no
 * clock: times are handed in, in milliseconds.
 */
export class EndpointCore implements ConnectionOwner {
  readonly counters: CoreCounters = { dropped: 0, retries: 0, versionNegotiations: 0, refused: 0 };
  readonly connections = new Set<ConnectionCore>();
  readonly #options: EndpointCoreOptions;
  readonly #admission: Admission;
  readonly #closed = new ClosedConnections();
  readonly #byId = new Map<string, ConnectionCore>();
  readonly #idsOf = new Map<ConnectionCore, string[]>();
  readonly #established = new Set<ConnectionCore>();
  #configs: ConfigBook;
  #last: { readonly id: Uint8Array; readonly connection: ConnectionCore } | undefined;
  #accepting = true;

  /** @throws Error when the credentials cannot be used. */
  constructor(options: EndpointCoreOptions) {
    this.#options = options;
    const { limits, retry } = options;
    this.#admission = new Admission({ ...limits, retry });
    this.#configs = this.#checkedConfigs(options.tls);
  }

  get halfOpen(): number {
    return this.#admission.halfOpen;
  }

  updateTls(tls: TlsOptions): void {
    this.#configs = this.#checkedConfigs(tls);
  }

  /** From now on newcomers are ignored. */
  stopAccepting(): void {
    this.#accepting = false;
  }

  /** Starts a connection; its first packets are due. */
  dial(remote: Address, handshakeTimeoutMs: number, nowMs: number): ConnectionCore {
    const { library, local, random, datagramBytesTo } = this.#options;
    const id = random(CONNECTION_ID_BYTES);
    const config = this.#configs.get("dials", datagramBytesTo(remote.host));
    const native = library.Connection.connect(null, id, withoutScope(local), withoutScope(remote), config);
    return this.#add(native, [id], remote, true, handshakeTimeoutMs, nowMs);
  }

  /** Takes a datagram. Returns the connection that it belongs to, which is due for `serve`; null otherwise. */
  receive(datagram: Uint8Array, from: Address, nowMs: () => number): ConnectionCore | null {
    const last = this.#last;
    if (last !== undefined && isShortHeader(datagram) && idMatches(datagram, last.id)) {
      last.connection.receive(datagram);
      return last.connection;
    }
    const header = parsePacketHeader(datagram);
    if (header === null) return this.#drop();
    const key = keyOf(header.destinationId);
    const connection = this.#byId.get(key);
    if (connection !== undefined) {
      if (header.form === "short") this.#last = { id: copyOf(header.destinationId), connection };
      connection.receive(datagram);
      return connection;
    }
    const repeated = this.#closed.repeat(key, nowMs());
    if (repeated !== null) {
      this.#options.send(repeated.bytes, repeated.to);
      return null;
    }
    if (header.form === "short" || datagram.length < MIN_INITIAL_DATAGRAM_BYTES) return this.#drop();
    if (header.version !== QUIC_VERSION_1) return this.#negotiateVersion(header, from);
    return this.#newcomer(datagram, header, from, nowMs());
  }

  // ---- called by connections

  wake(connection: ConnectionCore): void {
    this.#options.wake(connection);
  }

  established(connection: ConnectionCore): void {
    if (!connection.initiator) {
      this.#established.add(connection);
      this.#admission.established();
    }
    this.#options.established(connection);
  }

  sendNow(connection: ConnectionCore, datagram: Uint8Array): void {
    this.#options.send(datagram, connection.remote);
  }

  ended(connection: ConnectionCore): void {
    if (!connection.initiator)
      this.#admission.closed(connection.remote.host, this.#established.delete(connection));
    if (this.#last?.connection === connection) this.#last = undefined;
    this.#options.ended(connection);
  }

  handlerFailed(error: unknown): void {
    this.#options.handlerFailed(error);
  }

  /** Forgets an ended connection after its last words have been sent (null: it had none). */
  forget(connection: ConnectionCore, lastWords: Uint8Array | null, nowMs: number): void {
    this.connections.delete(connection);
    const ids = this.#idsOf.get(connection) ?? [];
    this.#idsOf.delete(connection);
    for (const id of ids) this.#byId.delete(id);
    if (lastWords !== null) this.#closed.remember(ids, lastWords, connection.remote, nowMs);
  }

  // ---- inside

  #newcomer(datagram: Uint8Array, header: LongHeader, from: Address, nowMs: number): ConnectionCore | null {
    if (!this.#accepting || !header.initial) return this.#drop();
    if (header.destinationId.length < MIN_INITIAL_DESTINATION_ID_BYTES) return this.#drop();
    const originalId =
      header.token.length === 0
        ? null
        : openRetryToken(this.#options.mac, from, header.token, header.destinationId, nowMs);
    switch (this.#admission.decide(from.host, originalId !== null, nowMs)) {
      case "accept":
        return this.#accept(datagram, header, from, originalId, nowMs);
      case "refuse": {
        this.counters.refused++;
        const connection = this.#accept(datagram, header, from, originalId, nowMs);
        connection?.refuse(CONNECTION_REFUSED);
        return null;
      }
      case "retry":
        this.#retry(header, from, nowMs);
        return null;
      case "drop":
        return this.#drop();
    }
  }

  /** Null when the Initial was not authentic: nothing is left of it then. */
  #accept(
    datagram: Uint8Array,
    header: LongHeader,
    from: Address,
    originalId: Uint8Array | null,
    nowMs: number,
  ): ConnectionCore | null {
    const { library, local, limits, random, datagramBytesTo } = this.#options;
    const remote: Address = { host: from.host, port: from.port };
    // After a Retry the client uses the id that the Retry gave it, and checks that it stays the same.
    const id = originalId === null ? random(CONNECTION_ID_BYTES) : copyOf(header.destinationId);
    const clientsId = copyOf(header.destinationId);
    const config = this.#configs.get("accepts", datagramBytesTo(remote.host));
    const path = { from: withoutScope(remote), to: withoutScope(local) };
    const native = library.Connection.accept(id, originalId, path.to, path.from, config);
    let failed = false;
    try {
      native.recv(datagram, path);
    } catch {
      failed = true;
    }
    if (native.isClosed()) return this.#drop();
    this.#admission.opened(remote.host);
    const connection = this.#add(native, [id, clientsId], remote, false, limits.handshakeTimeoutMs, nowMs);
    if (failed) connection.suspectEnd();
    return connection;
  }

  #add(
    native: ConnectionCore["native"],
    ids: readonly Uint8Array[],
    remote: Address,
    initiator: boolean,
    handshakeTimeoutMs: number,
    nowMs: number,
  ): ConnectionCore {
    const keys = [...new Set(ids.map(keyOf))];
    const connection = new ConnectionCore({
      native,
      id: hex(ids[0] ?? new Uint8Array(0)),
      local: this.#options.local,
      remote,
      initiator,
      keepAliveMs: this.#options.limits.keepAliveMs,
      idleTimeoutMs: this.#options.limits.idleTimeoutMs,
      handshakeTimeoutMs,
      nowMs,
      owner: this,
    });
    for (const key of keys) this.#byId.set(key, connection);
    this.#idsOf.set(connection, keys);
    this.connections.add(connection);
    this.#options.wake(connection);
    return connection;
  }

  #retry(header: LongHeader, from: Address, nowMs: number): void {
    const { library, random, mac, send } = this.#options;
    const retryId = random(CONNECTION_ID_BYTES);
    const token = mintRetryToken(mac, from, header.destinationId, retryId, nowMs);
    const packet = new Uint8Array(RETRY_ROOM_BYTES);
    const length = library.retry(
      header.sourceId,
      header.destinationId,
      retryId,
      token,
      header.version,
      packet,
    );
    this.counters.retries++;
    send(packet.subarray(0, length), from);
  }

  #negotiateVersion(header: LongHeader, from: Address): null {
    // Version 0 is itself a version negotiation: answering one would start an endless exchange.
    if (header.version === 0 || !this.#accepting) return this.#drop();
    this.counters.versionNegotiations++;
    this.#options.send(versionNegotiation(header, this.#options.random(1)[0] ?? 0), from);
    return null;
  }

  #drop(): null {
    this.counters.dropped++;
    return null;
  }

  #checkedConfigs(tls: TlsOptions): ConfigBook {
    const { library, alpn, limits, congestion } = this.#options;
    const configs = new ConfigBook(library, { tls, alpn, limits, congestion });
    configs.get("accepts", MIN_INITIAL_DATAGRAM_BYTES); // throws now, not at the first newcomer
    return configs;
  }
}

/** A Retry: header, two ids of 20 bytes, a token of at most 48, and the integrity tag. */
const RETRY_ROOM_BYTES = 256;

function idMatches(datagram: Uint8Array, id: Uint8Array): boolean {
  for (let i = 0; i < CONNECTION_ID_BYTES; i++) {
    if (datagram[i + 1] !== id[i]) return false;
  }
  return datagram.length > CONNECTION_ID_BYTES;
}

function keyOf(id: Uint8Array): string {
  return String.fromCharCode(...id);
}

function hex(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += byte.toString(16).padStart(2, "0");
  return text;
}

/** Of bytes that last no longer than the datagram. Not `slice`: a datagram may be a `Buffer`, whose `slice` shares the memory. */
function copyOf(bytes: Uint8Array): Uint8Array {
  return Uint8Array.from(bytes);
}
